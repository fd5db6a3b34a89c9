from .messages import Request, Response
from .service import Service

def retrieve(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def replace(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def patch(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def clear(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


