"""How form fields look: one template for all of them."""

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString, mark_safe


class PortalRenderer(TemplatesSetting):
    """Renders forms and fields with the portal's own templates."""

    form_template_name = "web/form.html"
    field_template_name = "web/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        """What was typed is shown again as it was typed; but HTML can't hold a NUL."""
        return mark_safe(super().render(template_name, context, request).replace("\0", "\ufffd"))  # noqa: S308
