"""The functions a view may call, and those that it may not, by code."""

_AGGREGATES = """
    count count_if sum avg mean min max bool_and bool_or every some any bit_and bit_or bit_xor
    max_by min_by hll_sketch_agg theta_sketch_agg collect_list array_agg
"""
_REFUSED = {
    "unordered": """
        first first_value last last_value any_value collect_list array_agg collect_set listagg
        string_agg
    """,
    "approximate_count": "approx_count_distinct",
    "percentile": """
        approx_percentile percentile_approx percentile percentile_cont percentile_disc median
        mode histogram_numeric approx_top_k
    """,
    "try_aggregate": "try_sum try_avg",
    "statistical": """
        variance var_samp var_pop stddev std stddev_samp stddev_pop corr covar_pop covar_samp
        skewness kurtosis regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope
        regr_sxx regr_sxy regr_syy
    """,
    "not_deterministic": """
        now current_date curdate current_timestamp localtimestamp current_time unix_timestamp
        rand random randn randstr uniform uuid shuffle monotonically_increasing_id
        spark_partition_id input_file_name input_file_block_start input_file_block_length
        current_user current_catalog current_database current_schema session_user user
        current_timezone version
    """,
    "window": """
        row_number rank dense_rank ntile lag lead nth_value percent_rank cume_dist window
        window_time session_window
    """,
    "generator": """
        explode explode_outer posexplode posexplode_outer inline inline_outer stack json_tuple
    """,
}
_TEXT = """
    ascii base64 bin bit_length btrim char char_length character_length chr concat concat_ws
    contains crc32 decode elt encode endswith find_in_set format_number format_string hex
    initcap instr lcase left len length levenshtein like locate lower lpad ltrim luhn_check
    mask md5 octet_length overlay parse_url position printf regexp regexp_count regexp_extract
    regexp_extract_all regexp_instr regexp_like regexp_replace regexp_substr repeat replace
    reverse right rlike rpad rtrim sha sha1 sha2 soundex space split split_part startswith
    substr substring substring_index to_binary to_char to_number to_varchar translate trim
    try_parse_url try_to_number try_url_decode typeof ucase unbase64 unhex upper url_decode
    url_encode
"""
_TIMES = """
    add_months convert_timezone date date_add date_diff date_format date_from_unix_date
    date_part date_sub date_trunc dateadd datediff datepart day dayname dayofmonth dayofweek
    dayofyear from_unixtime from_utc_timestamp hour last_day make_date make_dt_interval
    make_interval make_timestamp make_ym_interval minute month monthname months_between
    next_day quarter second timestamp timestamp_micros timestamp_millis timestamp_seconds
    timestampadd timestampdiff to_date to_timestamp to_unix_timestamp to_utc_timestamp trunc
    try_make_timestamp try_to_date try_to_timestamp unix_date unix_micros unix_millis
    unix_seconds weekday weekofyear year
"""
_NUMBERS = """
    abs acos acosh asin asinh atan atan2 atanh bigint binary bit_count bit_get boolean bround
    cbrt ceil ceiling conv cos cosh cot csc decimal degrees div double e exp expm1 factorial
    float floor getbit greatest hash hypot int isnan least ln log log10 log1p log2 mod nanvl
    negative pi pmod positive pow power radians rint round sec shiftleft shiftright
    shiftrightunsigned sign signum sin sinh smallint sqrt string tan tanh tinyint try_add
    try_divide try_mod try_multiply try_subtract width_bucket xxhash64
"""
_CHOICES = "coalesce if ifnull isnotnull isnull nullif nullifzero nvl nvl2 zeroifnull equal_null"
_NESTED = """
    aggregate array array_append array_compact array_contains array_distinct array_except
    array_insert array_intersect array_join array_max array_min array_position array_prepend
    array_remove array_repeat array_size array_sort array_union arrays_overlap arrays_zip
    cardinality element_at exists filter flatten forall from_json get get_json_object
    json_array_length json_object_keys map map_concat map_contains_key map_entries map_filter
    map_from_arrays map_from_entries map_keys map_values map_zip_with named_struct reduce
    sequence size slice sort_array str_to_map struct to_json transform transform_keys
    transform_values try_element_at zip_with
"""
_LEVELS = "grouping grouping_id"
_SKETCHES = "hll_sketch_estimate hll_union theta_sketch_estimate theta_union"

AGGREGATES = frozenset(_AGGREGATES.split())
REFUSED = {name: code for code, names in _REFUSED.items() for name in names.split()}
SCALARS = frozenset(
    f"{_TEXT} {_TIMES} {_NUMBERS} {_CHOICES} {_NESTED} {_LEVELS} {_SKETCHES}".split()
)
