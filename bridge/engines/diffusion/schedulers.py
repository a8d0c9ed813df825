"""What a model is sampled with: the name and the configuration of a scheduler of diffusers, as plain values."""

from collections.abc import Mapping
from typing import Any, NamedTuple

NOISE: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
"""The noise that SD 1.5 and SDXL were trained with. Source: their own scheduler configurations."""
OWN: Mapping[str, Mapping[str, Any]] = {
    "DPMSolverMultistepScheduler": {"algorithm_type": "dpmsolver++", "solver_order": 2, "timestep_spacing": "linspace"},
    "LCMScheduler": {"clip_sample": False, "original_inference_steps": 50},
    "TCDScheduler": {"clip_sample": False, "original_inference_steps": 50},
}
"""What a scheduler has beside the noise."""


class Scheduler(NamedTuple):
    """`name`, its class in diffusers, and `config`, its arguments. Schedulers have state: each paint builds its own."""

    name: str
    config: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, prediction: str = "epsilon", few: bool = False, zero_snr: bool = False) -> "Scheduler":
        """For a single file, which says nothing itself.

        `few`: a distilled model; all but LCM and TCD know steps that end at the last timestep. `zero_snr`: trained down
        to pure noise (Lin et al., *Common Diffusion Noise Schedules and Sample Steps Are Flawed*, 2023).
        """
        config = {"timestep_spacing": "leading", **NOISE, **OWN.get(name, {}), "prediction_type": prediction}
        if zero_snr or (few and "original_inference_steps" not in config):
            config["timestep_spacing"] = "trailing"
        if zero_snr:
            config["rescale_betas_zero_snr"] = True
        return cls(name, config)

    @classmethod
    def told(cls, config: Mapping[str, Any]) -> "Scheduler":
        """As a folder says itself."""
        return cls(str(config["_class_name"]), {key: one for key, one in config.items() if not key.startswith("_")})
