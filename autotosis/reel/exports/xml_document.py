"""XML as both of Apple's formats want it."""

from xml.etree import ElementTree


def document(root: ElementTree.Element) -> str:
    """A whole XML document, indented, with the type that its root names."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {root.tag}>\n{body}\n'
