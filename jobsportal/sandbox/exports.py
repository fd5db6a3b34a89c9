from .messages import Request, Response
from .service import Service

def start(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


def download(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


