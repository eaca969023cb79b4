"""A section of params.yaml, and the types of numbers that several sections use."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

OpenUnitInterval = Annotated[float, Field(gt=0, lt=1)]
UnitInterval = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Hertz = Annotated[float, Field(ge=0.1, le=120)]
Seed = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A section of params.yaml. Missing keys, unknown keys and values of another type are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
