"""The engines that run Spark SQL and PySpark, behind one protocol."""
