"""A recorded trial planned again, from what its record and the plan beside it say."""

from __future__ import annotations

from collections.abc import Mapping

from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.sources.groups import digest_of_groups
from cnnbench.errors import DataError, PretrainedError, ResultsError
from cnnbench.execution.bases import with_their_bases
from cnnbench.loading.plugins import Plugins
from cnnbench.recipe.anchor import anchored, given_source
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.pretraining import Pretraining, with_bases
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.results.read import RecordedStudy
from cnnbench.results.record import Plan, Record
from cnnbench.trials.expand import Known
from cnnbench.trials.member import Member
from cnnbench.trials.trial import Trial
from cnnbench.winner.choice import configuration_of


def recipe_again(
    study: RecordedStudy,
    plan: Plan,
    variants: Mapping[str, Configuration],
    plugins: Plugins,
    *,
    replicates: int = 1,
    data: str | None = None,
) -> Recipe:
    """Some variants of a study alone, with the bases that they start from, as a recipe.

    variants: as their records have them, the one in question last. data: where its images are now.
    Raises ResultsError where settings or bases are not there.
    """
    pretrain = {
        name: _base_of(study, variant, name)
        for variant, configuration in variants.items()
        if (name := configuration.transfer.own if configuration.transfer.is_own else "")
    }
    if data is not None:
        source = anchored(given_source(data, plugins.source), plugins.source).value
        variants = {name: _moved(each, source) for name, each in variants.items()}
    assert plan.seed is not None
    bases = tuple(pretrain.values())
    return Recipe(
        name=plan.recipe,
        title=plan.title,
        replicates=replicates,
        seed=plan.seed,
        baseline=list(variants)[-1],
        variants=tuple(Variant(name=name, configuration=x) for name, x in variants.items()),
        pretrain=bases,
        bases=with_bases(plugins.offered_bases, bases),
    )


def _moved(configuration: Configuration, source: str) -> Configuration:
    data = configuration.data.model_copy(update={"source": source})
    return configuration.model_copy(update={"data": data})


def _base_of(study: RecordedStudy, variant: str, name: str) -> Pretraining:
    """The base of a variant that the study trained, as its record says."""
    label = Member(base=name).label
    found = next((other for other in study.records if other.member == label), None)
    if found is None:
        raise ResultsError(
            f"{study.folder} has no record of the base {name}, whose network "
            f"{variant} has: run the recipe again"
        )
    return Pretraining(name=name, configuration=configuration_of(found))


def on_its_base(trial: Trial, study: RecordedStudy) -> Trial:
    """The trial with the arrays of the base that the study trained, if it starts from one."""
    ready, lost = with_their_bases([trial], study.folder)
    if lost:
        raise ResultsError(f"{trial.variant} can't be planned once more: {lost[0].reason}")
    return ready[0]


def refuse_other_inputs(record: Record, trial: Trial, cached: CachedImages) -> None:
    """Raise DataError or PretrainedError where images or arrays are not those of the record."""
    source = trial.configuration.data.source
    grouping = "" if cached.groups is None else digest_of_groups(cached.groups)
    samples = record.samples
    if samples is None or (samples.digest, samples.grouping) != (cached.digest, grouping):
        raise DataError(
            f"the {cached.things} of {source} are not those of the records: run the recipe "
            "again, or say with --data where they are"
        )
    digest = trial.arrays.digest if trial.arrays else None
    recorded = record.pretrained.digest if record.pretrained else None
    if digest != recorded:
        raise PretrainedError(
            f"the arrays of {trial.configuration.transfer.offered} that are found here are not "
            "those of the records: run the recipe again"
        )


def white_of(known: Known) -> int | None:
    """The value that became 255, of files of more than 8 bits a channel."""
    deep = known.inventory.deep
    return deep.white if deep else None
