"""Which changes of a contract leave the rows already accepted as they are."""

from pipeline_platform.contracts.stream import StreamContract


def misfits(old: StreamContract, new: StreamContract) -> list[str]:
    """Why rows accepted under `old` do not fit `new`; empty when they do.

    New nullable columns, other rules, bounds, formats and looser nullability fit.
    """
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    found = [f"column {name} is gone" for name in before if name not in after]
    for name, column in after.items():
        if name not in before:
            if not column.nullable:
                found.append(f"column {name} is new and required")
        elif column.data_type != before[name].data_type:
            found.append(f"column {name} was {before[name].data_type}, is {column.data_type}")
        elif before[name].nullable and not column.nullable:
            found.append(f"column {name} is now required")
    if old.event_id != new.event_id:
        found.append(f"event_id was {list(old.event_id)}, is {list(new.event_id)}")
    if old.event_time != new.event_time:
        found.append(f"event_time was {old.event_time!r}, is {new.event_time!r}")
    return found
