"""What the chat of a VOD adds to the scores of its moments, learned from rows of labels.csv about VODs with chat.

Clips have no chat, and a stream has far fewer such rows than a clip has moments. So there are only two numbers to
learn, the delay of the audience and the weight of its chat, beside what the model says of the same rows out-of-fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autotosis.model import model_file
from autotosis.model.examples import Clip
from autotosis.signals import chat_rate

# The L2 regularization of the weight, worth a few uninformative rows.
PENALTY = 1.0
# The prior of the delay: its mean and standard deviation (seconds).
LIKELY_DELAY, SPREAD = 20.0, 15.0
# The bias is hardly regularized: the share of highlights among rows depends on what was judged.
PENALTIES = np.array([PENALTY, 1e-3])
# The penalty keeps weights far below this.
MAX_WEIGHT = 50.0


@dataclass(frozen=True)
class ChatWeight:
    """What the chat adds.

    Attributes
    ----------
    weight : float
        What is added to the logit for each unit of `chat_rate.levels`; 0 if nothing was learned from chat.
    delay : float
        How long after a moment the chat is measured, seconds.
    """

    weight: float
    delay: float

    def logits(self, messages: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Compute what the chat adds to the logits of all moments of a VOD.

        On average over the VOD, it leaves the odds of a highlight as they are: where little is written, they fall.

        Parameters
        ----------
        messages : ndarray of float64, shape (messages,)
            When the messages were written, from `chat.read_chat`.
        times : ndarray of float64, shape (moments,)
            The times of the moments, seconds.

        Returns
        -------
        ndarray of float64, shape (moments,)
            What is to be added; 0 without chat or weight.
        """
        added: np.ndarray = self.weight * chat_rate.levels(messages, times + self.delay)
        added -= np.log(np.exp(added).mean())
        return added

    def figures(self) -> dict[str, float]:
        """Return both numbers, by the names that details.json has for them; none without a weight."""
        return {f"chat_{name}": value for name, value in vars(self).items()} if self.weight else {}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the arrays for the model file; none without a weight."""
        return {model_file.CHAT + name: np.array([value]) for name, value in vars(self).items()} if self.weight else {}


NONE = ChatWeight(0.0, 0.0)


def from_tensors(weights: dict[str, np.ndarray]) -> ChatWeight:
    """Restore what `ChatWeight.tensors` returned, if it is among these; UserError if it is malformed."""
    if not (tensors := model_file.subset(model_file.CHAT, weights)):
        return NONE
    model_file.check(model_file.CHAT, tensors, {name: ("float64", (1,)) for name in vars(NONE)})
    restored = ChatWeight(**{name: float(tensor[0]) for name, tensor in tensors.items()})
    if not 0 < restored.weight <= MAX_WEIGHT or restored.delay not in chat_rate.DELAYS:
        raise model_file.malformed(f"{restored} is not possible")
    return restored


@dataclass(frozen=True)
class Rows:
    """The judged rows about VODs with chat.

    Attributes
    ----------
    levels : ndarray of float64, shape (rows, delays)
        The level of the chat at each of `chat_rate.DELAYS` after each row.
    labels : ndarray of int, shape (rows,)
        1 for a highlight, 0 for calm.
    logits : ndarray of float64, shape (rows,)
        The mean logit of each row by the model without chat.
    """

    levels: np.ndarray
    labels: np.ndarray
    logits: np.ndarray


def collect(levels: Mapping[str, np.ndarray], clips: Sequence[Clip], logits: np.ndarray) -> Rows:
    """Collect the rows to learn from.

    Parameters
    ----------
    levels : dict of str to ndarray
        The chat, from `chat_rate.read`.
    clips : sequence of Clip
        The labelled clips and stretches of VODs.
    logits : ndarray of float64, shape (moments,)
        The out-of-fold scores of all their labelled moments, clip by clip.
    """
    ends = np.cumsum([len(clip.labels) for clip in clips])
    scored = list(zip(clips, np.split(logits, ends[:-1]), strict=True))
    rows = [(clip, scores) for clip, scores in scored if clip.is_excerpt and clip.name in levels]
    return Rows(
        np.array([levels[clip.name] for clip, _ in rows]).reshape(len(rows), len(chat_rate.DELAYS)),
        np.array([clip.labels[0] for clip, _ in rows], int),
        np.array([scores.mean() for _, scores in rows]),
    )


def learn_from_rows(clips: Sequence[Clip], logits: np.ndarray, review_weight: float) -> ChatWeight:
    """Learn from the rows of labels.csv about VODs with chat, data/excerpts/chat.csv; NONE if `review_weight` is 0.

    The other parameters are those of `collect`; UserError if the table is malformed.
    """
    return learn(collect(chat_rate.read(), clips, logits)) if review_weight else NONE


def learn(rows: Rows) -> ChatWeight:
    """Learn the delay and the weight with which the chat explains the labels best; NONE if there is nothing to learn.

    A negative weight counts as none, since an audience falls silent at highlights only by chance. Both numbers
    are pulled towards what is likely, so that a few rows teach little.
    """
    if len(set(rows.labels.tolist())) < 2:
        return NONE
    possible = []
    for delay, levels in zip(chat_rate.DELAYS, rows.levels.T, strict=True):
        loss, weight = _fit(levels, rows)
        if weight >= 0.001:
            # Rounded, so that machines which sum in another order get the same model.
            learned = ChatWeight(round(weight, 3), float(delay))
            possible.append((loss + ((delay - LIKELY_DELAY) / SPREAD) ** 2 / 2, learned))
    return min(possible, key=lambda pair: pair[0])[1] if possible else NONE


def _fit(levels: np.ndarray, rows: Rows) -> tuple[float, float]:
    """Fit a logistic regression on levels, float64 of shape (rows,), offset by logits; return loss and weight."""
    # Imported here because it takes a second, and scanning does not need it.
    from scipy.optimize import minimize

    def loss(weight_and_bias: np.ndarray) -> float:
        scores = rows.logits + weight_and_bias[0] * levels + weight_and_bias[1]
        errors = np.logaddexp(0, np.where(rows.labels == 1, -scores, scores))
        return float(errors.sum() + (PENALTIES * weight_and_bias**2).sum() / 2)

    fitted = minimize(loss, np.zeros(2), method="Nelder-Mead", tol=1e-9)
    return float(fitted.fun), float(fitted.x[0])
