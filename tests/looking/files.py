"""Files to look into."""

import io
import zipfile

from jobsportal.looking import Findings, look

BOX = '<box label="car" xtl="1" ytl="1" xbr="9" ybr="9" occluded="0" z_order="0"/>'
XML = f'<annotations><image id="0" name="crossing_0001.jpg">{BOX}</image></annotations>'
COCO = (
    '{"categories":[{"id":1,"name":"car"}],"images":[{"id":7,"file_name":"crossing_0001.jpg"}],'
    '"annotations":[{"id":1,"image_id":7,"category_id":1,"bbox":[1,2,3,4],"segmentation":[]}]}'
)


def zip_of(files: dict[str, bytes | str] | list[tuple[str, bytes | str]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return out.getvalue()


def looked(content: bytes | str, name: str = "file", **options) -> Findings:
    return look(io.BytesIO(content.encode() if isinstance(content, str) else content), name, **options)


def in_zip(files, **options) -> Findings:
    return looked(zip_of(files), "file.zip", **options)


def words(found: Findings) -> str:
    return " ".join(found.problems)
