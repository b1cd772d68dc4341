"""Reviews of the shop's products: Flask, traced by OpenTelemetry's own instrumentation, whose variables the AppHost sets."""

import os

from opentelemetry.instrumentation import auto_instrumentation

# Before Flask is imported: it sets up the SDK and the exporter from OTEL_* and replaces flask.Flask by a traced one.
auto_instrumentation.initialize()

from flask import Flask, abort, jsonify  # noqa: E402

REVIEWS = {
    "tea-pot": [{"stars": 5, "text": "Does not drip."}],
    "tea-cup": [{"stars": 4, "text": "Could be larger."}],
}

app = Flask(__name__)


@app.get("/products/<sku>/reviews")
def reviews(sku):
    return jsonify(REVIEWS[sku]) if sku in REVIEWS else abort(404)


@app.get("/readyz")
def ready():
    return "Healthy"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "5183")))
