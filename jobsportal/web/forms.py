"""How form fields look: one template for all of them."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Renders forms and fields with the portal's own templates."""

    form_template_name = "web/form.html"
    field_template_name = "web/field.html"
