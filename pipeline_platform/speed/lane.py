"""One stream: a thread that admits it, one that folds its views, one that brings them up."""

import time
from collections.abc import Sequence
from threading import Event

from pipeline_platform.errors import CommitConflict, ContractChanged, PlatformError
from pipeline_platform.ports.clock import Clock
from pipeline_platform.speed.pace import FEW_BYTES, MOST_UNFOLDED, Slices, Unfolded, pauses
from pipeline_platform.speed.parts import Admitted, Folded, Folder, Kept, Listener, Source
from pipeline_platform.speed.standing import StreamStanding, ViewStanding

_IDLE_S = 0.25
_FIRST_PAUSE_S = 0.1
_LOOK_S = 2.0  # between two looks for epochs that other processes planned


class Lane:
    """Admits `source` and folds `views` until `stop` is set, or all is in when `once`.

    A failure of the stream or of a view is kept in `standing` and tried again after a pause;
    a changed contract is not. Other exceptions end the thread that meets them.
    """

    def __init__(
        self,
        source: Source,
        views: Sequence[Kept],
        folder: Folder,
        *,
        stop: Event,
        clock: Clock,
        tell: Listener,
        epoch_bytes: int,
        once: bool = False,
    ) -> None:
        self.source, self.views, self._stop, self._once = source, views, stop, once
        self._folder = folder
        self._clock, self._tell = clock, tell
        self.standing = StreamStanding(source.name)
        self.standing.views = {view.name: ViewStanding(view.name) for view in views}
        self._slices, self._unfolded = Slices(epoch_bytes), Unfolded()
        self._wake, self._fold_wake, self._moved = Event(), Event(), Event()
        self.opened, self.admitted, self._done = Event(), Event(), Event()
        self._rise = {view.name: Event() for view in views}
        for wanted in self._rise.values():
            wanted.set()
        self._not_before = dict.fromkeys(self._rise, 0.0)
        self._rise_after = dict.fromkeys(self._rise, 0.0)
        self._failures = {name: pauses() for name in self._rise}

    def wake(self) -> None:
        """Something may have landed."""
        self._wake.set()

    def admit(self) -> None:
        """Admit until the end; then let the folding come to its own."""
        try:
            waits = pauses(_FIRST_PAUSE_S)
            while not self._stop.is_set():
                try:
                    self.source.open()
                    self.standing.head = self.source.head
                    self.opened.set()
                    self._epochs()
                    return
                except ContractChanged as error:
                    self.standing.trouble, self.standing.held = error, True
                    return
                except PlatformError as error:
                    if self.standing.trouble is None:
                        waits = pauses(_FIRST_PAUSE_S)
                    self.standing.trouble = error
                    if self._once:
                        return
                    self._stop.wait(next(waits))
        finally:
            self.admitted.set()
            self.opened.set()
            self._fold_wake.set()

    def _epochs(self) -> None:
        looked = time.monotonic()
        while not self._stop.is_set():
            self._wake.clear()
            if not self._room():
                continue
            started = time.monotonic()
            look = self._once or started - looked > _LOOK_S
            looked = started if look else looked
            done = self.source.step(self._slices.bytes, look=look)
            self.standing.waiting = self.source.waiting
            self.standing.waiting_bytes = self.source.waiting_bytes
            if done is not None:
                self._note(done, time.monotonic() - started)
            elif self._once:
                return
            else:
                self.standing.trouble = None
                self._wake.wait(_IDLE_S)

    def _room(self) -> bool:
        """Whether the next epoch may begin; if not, a moment was waited for the views.

        While little waits, admission and folds take turns: at once, each would slow the other
        and nothing would be sooner in an answer.
        """
        self._moved.clear()
        few = self.source.waiting_bytes <= FEW_BYTES
        if self._unfolded.rows <= (0 if few else MOST_UNFOLDED):
            return True
        self._moved.wait(_IDLE_S)
        return False

    def _note(self, done: Admitted, seconds: float) -> None:
        now, standing = self._clock(), self.standing
        if self.source.waiting:
            self._slices.took(seconds)
        standing.trouble = None
        standing.rows += done.accounting.rows_in
        standing.epochs += 1
        standing.head, standing.last_commit = done.head, now
        if done.newest is not None:
            standing.lag_s = (now - done.newest).total_seconds()
        standing.changed.update(dict.fromkeys(done.changed))
        if self._folding():
            self._unfolded.committed(done.head, done.accounting.accepted, done.newest)
        self._fold_wake.set()
        self._tell.admitted(standing.stream, done)

    def fold(self) -> None:
        """Fold every view until the admission has ended and nothing is left to fold."""
        while self.views:
            last = self.admitted.is_set() and (self._stop.is_set() or self._risen())
            self._fold_wake.clear()
            moved = self._fold()
            if last and (self._stop.is_set() or not (moved or self._lacking())):
                break
            if not moved:
                self._fold_wake.wait(_IDLE_S)
        self._done.set()

    def _fold(self) -> bool:
        """One fold of all views that lack something; whether one moved on."""
        due = [view for view in self.views if self._due(self.standing.views[view.name])]
        if not due or not self.opened.is_set():
            return False
        try:
            outcomes = self._folder.fold([view.name for view in due])
        except PlatformError as error:
            outcomes = {view.name: error for view in due}
        moved = [self._folded(view, outcomes[view.name]) for view in due]
        self._account()
        return any(moved)

    def _lacking(self) -> bool:
        """Whether some view has to come up, or lacks epochs and nothing is wrong with it."""
        return not self._risen() or any(
            view.trouble is None and view.as_of != self.standing.head
            for view in self.standing.views.values()
        )

    def _due(self, view: ViewStanding) -> bool:
        if time.monotonic() < self._not_before[view.name]:
            return False
        return view.as_of is None or view.as_of != self.standing.head

    def _folded(self, view: Kept, outcome: Folded | PlatformError) -> bool:
        """Take note of what became of a view; whether it moved on."""
        standing = self.standing.views[view.name]
        if isinstance(outcome, CommitConflict):
            self._conflict(view, outcome)
        elif isinstance(outcome, PlatformError):
            self._failed(view, outcome)
        else:
            self._failures[view.name] = pauses()
            standing.as_of = outcome.upto
            if not standing.rising:
                standing.trouble = None
            if outcome.rows:
                self._tell.folded(view.name, outcome)
            return outcome.rows > 0
        return False

    def _conflict(self, view: Kept, error: CommitConflict) -> None:
        """Another one folded or swapped it, or it has to be brought up anew."""
        if self.standing.views[view.name].rising:
            self._not_before[view.name] = time.monotonic() + _IDLE_S
            return
        self._failed(view, error)
        self._rise[view.name].set()

    def _failed(self, view: Kept, error: PlatformError) -> None:
        self.standing.views[view.name].trouble = error
        self._not_before[view.name] = time.monotonic() + next(self._failures[view.name])

    def _folding(self) -> list[ViewStanding]:
        """The views that keep up; the others hold nobody back."""
        return [
            view
            for view in self.standing.views.values()
            if view.trouble is None and not view.rising
        ]

    def _account(self) -> None:
        reached = [-1 if view.as_of is None else view.as_of for view in self._folding()]
        head = self.standing.head
        latest = self._unfolded.folded(min(reached, default=-1 if head is None else head))
        if latest is not None and reached:
            self.standing.seen_s = (self._clock() - latest).total_seconds()
        self._moved.set()

    def rise(self) -> None:
        """Bring up views that are new, changed, or ask for it."""
        while not self.opened.wait(_IDLE_S):
            if self._stop.is_set():
                return
        while not self._stop.is_set() and not self._done.is_set():
            for view in self.views:
                if self._rise[view.name].is_set() and not self._stop.is_set():
                    self._bring_up(view)
            self._stop.wait(_IDLE_S)

    def _bring_up(self, view: Kept) -> None:
        standing = self.standing.views[view.name]
        if time.monotonic() < self._rise_after[view.name]:
            return
        standing.rising = True
        try:
            view.bring_up()
        except PlatformError as error:
            standing.trouble = error
            self._rise_after[view.name] = time.monotonic() + next(self._failures[view.name])
            if self._once:
                self._rise[view.name].clear()
            return
        standing.trouble, standing.rising, standing.as_of = None, False, None
        self._not_before[view.name] = 0.0
        self._rise[view.name].clear()
        self._fold_wake.set()

    def _risen(self) -> bool:
        return not any(wanted.is_set() for wanted in self._rise.values())
