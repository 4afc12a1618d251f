"""Whether a contract fits the rows that were accepted before it."""

from pipeline_platform.contracts.evolution import misfits
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import ContractChanged
from pipeline_platform.ingest.registry import ContractRegistry
from pipeline_platform.lake.ledger import Ledger


def refuse_stale(contract: StreamContract, registry: ContractRegistry, generation: int) -> None:
    """Stop when a reprocess took another contract than this process was started with."""
    taken = registry.generation(generation).contract
    if taken != contract.fingerprint:
        raise ContractChanged(
            f"stream {contract.name} was reprocessed under another contract meanwhile",
            where=str(contract.accepted),
            known=f"generation {generation} has contract {taken}, "
            f"this process {contract.fingerprint}",
            remedy="start this process again, so that it reads the present declaration",
        )


def refuse_misfit(
    contract: StreamContract, registry: ContractRegistry, ledger: Ledger, generation: int
) -> None:
    """Stop when the last planned contract's rows would not fit the present one."""
    if not ledger.table.exists() or (head := ledger.head()) < 0:
        return
    old = registry.contract(ledger.plans(head, head)[0], generation)
    found = misfits(old, contract) if old != contract else []
    if found:
        raise ContractChanged(
            f"the contract of stream {contract.name} changed",
            where=str(contract.accepted),
            known="; ".join(found),
            remedy="take the change back, or rebuild the accepted rows with "
            f"`pipeline-platform reprocess {contract.name}`",
        )
