"""Tables as files: CSV for programs, Excel for people."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from tempfile import TemporaryFile
from typing import Any

import xlsxwriter
from django.http import FileResponse

BYTE_ORDER_MARK = "\ufeff".encode()
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 1_048_575  # beside the heading


def csv_line(values: Iterable[Any]) -> bytes:
    out = StringIO()
    csv.writer(out).writerow([harmless(value) for value in values])
    return out.getvalue().encode()


def harmless(value: Any) -> Any:
    """A text that a spreadsheet program would run as a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def excel(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], filename: str) -> FileResponse:
    """A workbook of as many sheets as the rows need, their headings kept in sight. Written row by row to a temporary
    file: it is never held whole, and a failure in the middle of `rows` comes before the answer begins."""
    file = TemporaryFile()  # noqa: SIM115 - closed with the answer
    try:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            heading = book.add_format({"bold": True})
            sheet = sheet_of(book, name, columns, heading)
            for number, row in enumerate(rows):
                sheets, place = divmod(number, MAX_ROWS)
                if sheets and not place:
                    sheet = sheet_of(book, f"{name} {sheets + 1}", columns, heading)
                sheet.write_row(place + 1, 0, [cell(value) for value in row])
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=filename, content_type=EXCEL)


def sheet_of(book: Any, name: str, columns: Sequence[str], heading: Any) -> Any:
    """A new sheet, with nothing in it but the heading."""
    sheet = book.add_worksheet(name[:31])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(columns) - 1), 16)
    sheet.write_row(0, 0, columns, heading)
    return sheet


def cell(value: Any) -> Any:
    """A value as Excel takes it: times as ISO text, since it knows no time zones; nothing that a cell can't hold."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str):
        return "".join(char for char in value[:32_000] if char in "\t\n" or char.isprintable())
    return value
