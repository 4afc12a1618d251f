"""Charts of marts: Vega-Lite through Altair, pictures, and pages readable offline."""
