"""Labelled moments as they would sound in a VOD.

Clips are recorded louder or quieter than a VOD, and without its music and its game. A model that learned from them
alone finds little where there is music or where the streamer is quiet. So it also learns from copies of their moments
that are as loud as the VOD and have its background noise (parallel model combination: Gales and Young, 1996). In
recordings of other people with music 12 dB below the voices, reels show 50 of 74 highlights with copies, and 4 without.
"""

import math
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
# In each band, the background noise is the power that is exceeded for all but this share of a VOD: people pause at
# least as long between words, and music and games go on. With 0.1, recordings of other people with music are cut worse.
NOISE_SHARE = 0.25
# Music and games also make a VOD louder than clips, by up to about this much of the first coefficient (17 dB). Only the
# rest is taken for a louder microphone. With 12, recordings of other people with loud music are cut worse; with 20, so
# is the demo from clips that are 20 dB quieter than it.
LOUDER_BY_NOISE = 16.0


def with_copies(labelled: Labelled, sound: np.ndarray) -> Labelled:
    """Add copies of the moments of clips that sound as if they were recorded in a VOD.

    Excerpts of VODs are not copied, because they have such noise already.

    Parameters
    ----------
    labelled : Labelled
        The labelled moments.
    sound : ndarray of float32, shape (moments, columns of the sound)
        The signals of the sound of the whole VOD, as in `features.Moments`.

    Returns
    -------
    Labelled
        The labelled moments, where each moment of a clip and its copy have half of its weight.
    """
    # A sample has the same quantiles, and takes no more memory for a longer VOD.
    sound = sound[labelled_moments.evenly_spaced(len(sound))]
    # Where clips are too few to measure on alone, excerpts are copied, too.
    originals = labelled.at(labelled.measured)
    contexts, baselines = originals.contexts.astype(np.float64), originals.baselines.astype(np.float64)
    of_clips = contexts[:, :, features.AUDIO_COLUMNS] + baselines[:, None]
    # Almost all of a VOD is calm.
    loudness, of_calm = _loudness(sound), _loudness(of_clips[originals.labels == 0, context.PRESENT])
    if loudness is None or of_calm is None:
        return labelled
    louder = loudness - of_calm
    gain = math.exp((louder - np.clip(louder, 0.0, LOUDER_BY_NOISE)) / math.sqrt(mel.BANDS))
    heard = sound[~np.isnan(sound[:, _CEPSTRUM.start]), _CEPSTRUM]
    noise = np.quantile(cepstrum.powers(heard), NOISE_SHARE, axis=0) - mel.POWER_FLOOR
    share = np.ones(baselines.shape[1])
    share[_CEPSTRUM] = cepstrum.BASELINE_SHARE
    baselines = share * _in_noise(baselines / share, gain, noise)
    contexts[:, :, features.AUDIO_COLUMNS] = _in_noise(of_clips, gain, noise) - baselines[:, None]
    weights = labelled.weights * np.where(labelled.measured, np.float32(0.5), np.float32(1))
    copies = replace(
        originals,
        contexts=contexts.astype(np.float16),
        baselines=baselines.astype(np.float16),
        weights=originals.weights / 2,
    )
    return labelled_moments.join([replace(labelled, weights=weights), copies])


def _loudness(sound: np.ndarray) -> float | None:
    """Return the median of the first coefficient where the sound is not digitally silent; None if it always is."""
    loudness = sound[:, _CEPSTRUM.start]
    # The model file rounds it by up to 0.04.
    audible = loudness[loudness > cepstrum.SILENCE + 0.1]
    return float(np.median(audible)) if len(audible) else None


def _in_noise(sound: np.ndarray, gain: float, noise: np.ndarray) -> np.ndarray:
    """Compute the signals of sound that is amplified or attenuated, and mixed with noise.

    Parameters
    ----------
    sound : ndarray of float64, shape (..., columns of the sound)
        The signals of the sound.
    gain : float
        The factor of its power.
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
