"""Who has ordered how often."""


def model(spark, inputs, start, end):
    """One row per buyer."""
    return inputs["serving.orders"].groupBy("email").count().withColumnRenamed("count", "orders")
