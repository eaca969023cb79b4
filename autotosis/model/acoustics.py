"""Labelled moments as they would sound in a VOD.

Clips are recorded with other microphones than a VOD, and without its music and its game. A model that learned from them
alone finds little where there is music, or where the streamer is quiet or sounds muffled. So it also learns from copies
of their moments that are filtered like the VOD and have its background noise (parallel model combination: Gales and
Young, 1996). In recordings of other people with music 12 dB below the voices, reels show 57 of 74 highlights with
copies, and 3 without; with a telephone's range of frequencies, 62 and 0.
"""

from dataclasses import replace

import numpy as np

from autotosis.model import labelled_moments
from autotosis.model.labelled_moments import Labelled
from autotosis.signals import cepstrum, context, features, mel
from autotosis.signals.cepstrum import CEPSTRUM
from autotosis.signals.flux import FLUX

# The columns of these signals among those of the sound.
_CEPSTRUM, _FLUX = (
    slice(columns.start - features.AUDIO_COLUMNS.start, columns.stop - features.AUDIO_COLUMNS.start)
    for columns in map(features.columns, (CEPSTRUM, FLUX))
)
# The background noise of a band is this quantile of its power over the VOD: for at least this share of the time, people
# pause, while music and games go on. With 0.1, recordings of other people with music are cut worse.
NOISE_SHARE = 0.25
# Most of the calm time of a VOD is talk, so it is louder than that of clips by about this much in each band (natural
# logarithm of the power; 4 dB). If a band is not, the VOD's microphone attenuates it. In recordings of other people
# with a telephone's range of frequencies, reels show 51 of 74 highlights with 0, 62 with 1, and 64 with 1.5.
LOUDER_BY_TALK = 1.0
# Music and games make a VOD louder, too, by up to about this much on average over the bands (17 dB). Only the rest is
# taken for a louder microphone. With 3 or 5, recordings of other people with loud music are cut just as well.
LOUDER_BY_NOISE = 4.0
# The share of its moment's weight that a copy gets. With a half, reels of other people show fewer highlights once some
# stretches of another recording are judged: 60 of 74 instead of 65, as the mean of four kinds of sound.
COPIES_SHARE = 2 / 3


def with_copies(labelled: Labelled, sound: np.ndarray) -> Labelled:
    """Add copies of the moments of clips that sound as if they were recorded in a VOD.

    Excerpts of VODs are not copied, because they have such noise already, unless the clips are so few that the metrics
    include excerpts.

    Parameters
    ----------
    labelled : Labelled
        The labelled moments.
    sound : ndarray of float32, shape (moments, columns of the sound)
        The signals of the sound of the whole VOD, as in `features.Moments`.

    Returns
    -------
    Labelled
        The labelled moments, where each moment of a clip shares its weight with its copy.
    """
    # A sample has the same quantiles, and takes no more memory for a longer VOD.
    sound = sound[labelled_moments.evenly_spaced(len(sound))]
    originals = labelled.at(labelled.measured)
    contexts, baselines = originals.contexts.astype(np.float64), originals.baselines.astype(np.float64)
    of_clips = contexts[:, :, features.AUDIO_COLUMNS] + baselines[:, None]
    # Almost all of a VOD is calm.
    level, of_calm = _levels(sound), _levels(of_clips[originals.labels == 0, context.PRESENT])
    if level is None or of_calm is None:
        return labelled
    louder = level - of_calm
    amplified = max(0.0, float(louder.mean()) - LOUDER_BY_NOISE)
    gain = np.exp(amplified + np.minimum(0.0, louder - amplified - LOUDER_BY_TALK))
    heard = sound[~np.isnan(sound[:, _CEPSTRUM.start]), _CEPSTRUM]
    noise = np.quantile(cepstrum.powers(heard), NOISE_SHARE, axis=0) - mel.POWER_FLOOR
    share = np.ones(baselines.shape[1])
    share[_CEPSTRUM] = cepstrum.BASELINE_SHARE
    baselines = share * _in_noise(baselines / share, gain, noise)
    contexts[:, :, features.AUDIO_COLUMNS] = _in_noise(of_clips, gain, noise) - baselines[:, None]
    weights = labelled.weights * np.where(labelled.measured, np.float32(1 - COPIES_SHARE), np.float32(1))
    copies = replace(
        originals,
        contexts=contexts.astype(np.float16),
        baselines=baselines.astype(np.float16),
        weights=originals.weights * np.float32(COPIES_SHARE),
    )
    return labelled_moments.join([replace(labelled, weights=weights), copies])


def _levels(sound: np.ndarray) -> np.ndarray | None:
    """Return the median level of each band where the sound is not digitally silent; None if it always is.

    The levels are natural logarithms of the power, float64 of shape (mel.BANDS,).
    """
    coefficients = sound[:, _CEPSTRUM].astype(np.float64)
    # The model file rounds them by up to 0.04.
    audible = coefficients[coefficients[:, 0] > cepstrum.SILENCE + 0.1]
    return np.asarray(np.median(np.log(cepstrum.powers(audible)), axis=0)) if len(audible) else None


def _in_noise(sound: np.ndarray, gain: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Compute the signals of sound that is filtered, and mixed with noise.

    Parameters
    ----------
    sound : ndarray of float64, shape (..., columns of the sound)
        The signals of the sound.
    gain : ndarray of float, shape (mel.BANDS,)
        The factor of its power in each band.
    noise : ndarray of float, shape (mel.BANDS,)
        The power of the noise in each band, without mel.POWER_FLOOR.

    Returns
    -------
    ndarray of float64, shape (..., columns of the sound)
        The signals of the mixture. The powers of independent sounds add up.
    """
    powers = gain * cepstrum.powers(sound[..., _CEPSTRUM])
    mixture = np.maximum(powers + noise, mel.POWER_FLOOR)
    changed = sound.copy()
    changed[..., _CEPSTRUM] = cepstrum.of_powers(mixture)
    # A rise of the logarithm of one part of a sum is smaller in that of the sum, by its share of the sum.
    changed[..., _FLUX] *= (powers / mixture).mean(axis=-1, keepdims=True)
    return changed
