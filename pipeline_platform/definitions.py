"""The definitions of a project: what its folders declare, and the policies of the whole."""

from pathlib import Path

import dagster as dg

from pipeline_platform.components.loading import load_declared, unfinished_ignored
from pipeline_platform.components.resource import KEY, RESOURCE
from pipeline_platform.components.settlement import daily_groups, settlement_schedule
from pipeline_platform.components.upkeep_assets import upkeep_definitions
from pipeline_platform.settings import dagster_defaults


def build_defs(path: Path | None = None) -> dg.Definitions:
    """Definitions of the dg project that `path` lies in; default: this package's own.

    To what is declared in its `defs` folder come the policies: one process per run, the
    automation sensor, the nightly settlement, the upkeep and the platform itself.
    DagsterInvalidDefinitionError names file and line of a wrong declaration.
    """
    dagster_defaults()
    with unfinished_ignored():
        declared, found = load_declared(path)
        return _with_policies(dg.Definitions.merge(declared, upkeep_definitions(found)))


def _with_policies(declared: dg.Definitions) -> dg.Definitions:
    groups = daily_groups(declared.resolve_all_asset_specs())
    automation = dg.AutomationConditionSensorDefinition(
        "automation",
        target=dg.AssetSelection.all(),
        use_user_code_server=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=5,
    )
    policies = dg.Definitions(
        executor=dg.in_process_executor,
        resources={KEY: RESOURCE},
        sensors=[automation],
        schedules=[settlement_schedule(groups)] if groups else [],
    )
    return dg.Definitions.merge(declared, policies)


@dg.definitions
def defs() -> dg.Definitions:
    """This package's own definitions, for dg."""
    return build_defs()
