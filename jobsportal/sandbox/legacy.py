from .messages import Request, Response
from .service import Service

def dataset(service: Service, request: Request, *parts: str) -> Response:
    return Response(501)


