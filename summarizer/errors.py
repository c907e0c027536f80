"""Everything that can go wrong in the summarizer, apart from defects.

    Refused                 what a caller is told
    ├── Absent              nothing is kept under that name
    ├── Unfit               it is more than is kept, or than is given out at once
    ├── Busy                the turn before has not ended in time
    └── Invalid             the call itself is wrong

    Unshortened             why a conversation passes as it came; never told as an error
    ├── ModelFailed         the model that summarises failed, was refused, or answered nothing of use
    │   └── Wordless        it answered, but had no words for what it was asked
    ├── Late                there was not enough time
    └── OverBudget          the key has spent on summaries what it may in a day

    StoreAway               what is remembered cannot be had; work goes on without

    StartError              the process cannot start; the message says what to do

Messages are ours and hold no word of what is kept.
"""


class Refused(Exception):
    """What a caller is told."""


class Absent(Refused):
    """Nothing is kept under that name. `item_id` names the single item that is missing, "" when it is something else."""

    def __init__(self, message: str, item_id: str = "") -> None:
        super().__init__(message)
        self.item_id = item_id


class Unfit(Refused):
    """It is more than is kept, or than is given out at once."""


class Busy(Refused):
    """The turn before has not ended in time."""


class Invalid(Refused):
    """The call itself is wrong; the message names the field."""


class Unshortened(Exception):
    """Why a conversation passes as it came."""


class ModelFailed(Unshortened):
    """The model that summarises failed, was refused, or answered nothing of use. `lasting`: it will again, for a while."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class Wordless(ModelFailed):
    """It answered, but had no words for what it was asked."""


class Late(Unshortened):
    """There was not enough time."""


class OverBudget(Unshortened):
    """The key has spent on summaries what it may in a day."""


class StoreAway(Exception):
    """What is remembered cannot be had; work goes on without."""


class StartError(Exception):
    """The process cannot start; the message says why. `passing`: by itself it may be able to in a moment."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
