from .messages import Request, Response
from .service import Service

def list_requests(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def retrieve(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def cancel(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


