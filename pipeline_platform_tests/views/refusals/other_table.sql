SELECT count(*) AS n FROM warehouse.dim_carrier
