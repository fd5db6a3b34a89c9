from .messages import Request, Response
from .service import Service

def append(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def offset(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def options(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


