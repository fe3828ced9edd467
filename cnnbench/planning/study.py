"""A recipe on one backend: which trials it comes down to, and which of them are still missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.sources.cache import CachedImages, open_images
from cnnbench.data.sources.source import DataSource, Facts, Request
from cnnbench.data.sources.streamed import Watcher, nobody
from cnnbench.data.sources.summary import in_words, summary_line
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits.feasibility import amount_errors, facts_of, split_notes
from cnnbench.errors import DataError, PluginError, Problem, RecipeError
from cnnbench.loading.availability import check_availability
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.device import takes_gpu
from cnnbench.planning.groups import group_notes
from cnnbench.planning.looks import looks_before, plan_before, with_kept_looks
from cnnbench.plugin.backend import Backend
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.spec import Recipe
from cnnbench.results.record import Images, Plan, PlannedLooks, ReportedAccuracy
from cnnbench.results.store import Store
from cnnbench.trials.combination import Combination
from cnnbench.trials.expand import Known, expand
from cnnbench.trials.trial import Device, Trial

KnownImages = Mapping[tuple[str, Request], Known]


@dataclass(frozen=True, slots=True)
class Study:
    """One recipe on one backend, and what of it is recorded.

    trials: those asked for, in the order in which they run. combinations: ensembles that are made
    of them. recorded: ids that need not run.
    problems: what is damaged in the folder, a sentence each. without_weights: ids that are recorded
    but run again, since their arrays are asked for and were not kept, or are damaged. before: the
    plan that stood in the folder.
    """

    recipe: Recipe
    backend: str
    trials: tuple[Trial, ...]
    recorded: frozenset[str]
    plan: Plan
    store: Store
    problems: tuple[str, ...] = ()
    without_weights: frozenset[str] = frozenset()
    combinations: tuple[Combination, ...] = ()
    before: Plan | None = None

    @property
    def wanted(self) -> tuple[Trial | Combination, ...]:
        """Everything that is to have a record."""
        return (*self.trials, *self.combinations)

    def uncombined(self) -> tuple[Combination, ...]:
        """The ensembles without a record, though all their trials have ended well."""
        done = self.store.done(each.id for each in self.wanted)
        open_ = (each for each in self.combinations if each.id not in done)
        return tuple(x for x in open_ if all(trial.id in done for trial in x.trials))

    @property
    def missing(self) -> tuple[Trial, ...]:
        """The trials that still need running, each once, in order."""
        return tuple(trial for trial in self.trials if trial.id not in self.recorded)

    def still_missing(self) -> tuple[Trial, ...]:
        """Those of them that no other run has recorded since; ask once the store is locked."""
        ids = [trial.id for trial in self.missing]
        bases = {trial.id for trial in self.missing if trial.is_base}
        done = self.store.done(ids) - self.store.unsupported(ids)
        again = self.without_weights & done
        done -= self.store.without_weights(again) | self.store.unusable_weights(again & bases)
        return tuple(trial for trial in self.missing if trial.id not in done)


def read_images(
    recipe: Recipe, plugins: Plugins, watch: Watcher = nobody
) -> tuple[KnownImages, tuple[str, ...]]:
    """What the recipe's sources hold, decoding those that are not in the cache, and their notes.

    watch: is told how far the decoding has come.

    Raises RecipeError where they can't be read, or too few could be; DataError where they can't be
    kept.
    """
    known: dict[tuple[str, Request], Known] = {}
    facts: dict[tuple[str, Request], Facts] = {}
    opened: dict[tuple[str, Request], CachedImages] = {}
    grouped: set[tuple[DataSpec, int]] = set()
    notes: dict[str, None] = {}
    problems: dict[Problem, None] = {}
    for variant in (*recipe.variants, *recipe.pretrain):
        data, folds = variant.configuration.data, variant.configuration.evaluation.folds
        name, request = key = variant.configuration.request()
        source = plugins.source(name)
        if key not in known:
            try:
                cached = open_images(source, request, verify=True, watch=watch)
            except DataError as error:
                if not error.key:
                    raise
                raise RecipeError([variant.problem(("data", error.key), str(error))]) from error
            opened[key], facts[key] = cached, facts_of(cached)
            known[key] = Known(
                cached.identity,
                facts[key].shape,
                cached.classes,
                facts[key].class_count,
                cached.inventory,
                facts[key].signals,
                facts[key].group_count,
            )
            notes |= dict.fromkeys(cached.notes)
        errors = amount_errors(facts[key], data, folds)
        if not errors and (data, folds) not in grouped:
            grouped.add((data, folds))
            try:
                about = (variant.configuration, recipe.seed, recipe.replicates)
                told = group_notes(opened[key], *about)
                notes |= dict.fromkeys(in_words(x, signals=facts[key].signals) for x in told)
            except DataError as error:
                errors.append(error)
        for wrong in errors:
            said = f"{wrong}{_lost(source, request, facts[key])}"
            message = in_words(said, signals=facts[key].signals)
            problems[variant.problem(("data", wrong.key or "source"), message)] = None
        if not errors:
            notes |= dict.fromkeys(split_notes(facts[key], data, folds))
    if problems:
        raise RecipeError(list(problems))
    return known, tuple(notes)


def image_lines(recipe: Recipe, known: KnownImages) -> tuple[str, ...]:
    """What the images are that the variants use, a line for each different choice of them."""
    lines = {}
    for configuration in (variant.configuration for variant in recipe.variants):
        data, facts = configuration.data, known[configuration.request()].facts
        if facts.class_count:
            lines[summary_line(facts, data.classes)] = data.source
    sources = {*lines.values()}
    found = [f"{source}: {line}" if len(sources) > 1 else line for line, source in lines.items()]
    for base in recipe.pretrain:
        configuration = base.configuration
        facts = known[configuration.request()].facts
        if facts.class_count:
            line = summary_line(facts, configuration.data.classes)
            found.append(f"for the base {base.name}: {line}")
    return tuple(found)


def _images_of(recipe: Recipe, known: KnownImages) -> tuple[Images, ...]:
    found = {}
    for configuration in (variant.configuration for variant in recipe.variants):
        images = known[configuration.request()]
        inventory = images.inventory
        found[configuration.request()] = Images(
            source=configuration.data.source,
            shape=images.shape,
            classes=images.classes,
            counts=images.counts,
            brightest=inventory.brightest,
            bits=inventory.deep.bits if inventory.deep else 8,
            white=inventory.deep.white if inventory.deep else 255,
            passed_over=inventory.passed_over,
        )
    return tuple(found.values())


def _lost(source: DataSource, request: Request, readable: Facts) -> str:
    """How many images could not be read: amounts were right before that turned out."""
    listed = sum(source.facts(request).count.values())
    lost = listed - sum(readable.count.values())
    if not lost:
        return ""
    return (
        f'; {lost:,} of {listed:,} images can\'t be read: --set data.unreadable="error" names them'
    )


def available_backend(plugins: Plugins, name: str) -> Backend:
    """The backend, ready to be opened. Raises PluginError that says what to install."""
    backend = plugins.backend(name)
    availability = check_availability(backend)
    if not availability.available:
        remedy = f"; install it with: {availability.install}" if availability.install else ""
        raise PluginError(f"backend {name} can't run here: {availability.reason}{remedy}")
    return backend


def plan_study(
    recipe: Recipe,
    backend: Backend,
    device: Device,
    known: KnownImages,
    results: Path,
    *,
    arrays: Mapping[str, FoundArrays] | None = None,
    overrides: Sequence[str] = (),
    force: bool = False,
    save_weights: bool = False,
    variants: Collection[str] | None = None,
) -> Study:
    """Expand the recipe and look up what is recorded; nothing is written.

    save_weights: to run what is recorded without its arrays, too. variants: to run these alone; the
    plan holds all.
    """
    gpu = takes_gpu(device, backend)
    expansion = expand(recipe, backend.name, device, known, arrays=arrays, gpu=gpu)
    trials, combinations = expansion.trials, expansion.combinations
    store = Store(results, recipe.name, backend.name)
    ids = [trial.id for trial in trials]
    compared: list[Trial | Combination] = [x for x in trials if x.member is None]
    compared += combinations
    recorded = frozenset() if force else store.done(ids)
    if again := store.unsupported(ids):
        unable = {t.id for t in trials if t.id in again and not _supported(t, backend)}
        unable |= {t.id for t in trials if t.id in again and t.starts_from in unable}
        recorded -= again - unable
    lacking: frozenset[str] = frozenset()
    if save_weights:
        trials = tuple(x.model_copy(update={"keeps_weights": True}) for x in trials)
        lacking = store.without_weights(recorded)
        recorded -= lacking
    lacking |= _bases_to_train_again(trials, recorded, store)
    recorded -= lacking
    plan = Plan(
        recipe=recipe.name,
        title=recipe.title,
        description=recipe.description,
        backend=backend.name,
        baseline=recipe.baseline,
        variants=tuple(variant.name for variant in recipe.variants),
        replicates=recipe.replicates,
        folds=max(variant.configuration.evaluation.folds for variant in recipe.variants),
        trials={each.id: (each.variant, each.replicate, each.fold) for each in compared},
        members=tuple(trial.id for trial in trials if trial.member is not None),
        overrides=tuple(overrides),
        images=_images_of(recipe, known),
        margin=recipe.margin,
        seed=recipe.seed,
        published={
            x.name: ReportedAccuracy(**x.published.model_dump())
            for x in recipe.variants
            if x.published
        },
        schedule=PlannedLooks(looks=recipe.looks) if recipe.looks else None,
    )
    before = plan_before(store)
    plan = with_kept_looks(before, plan)
    plan = plan.model_copy(update={"looks": looks_before(before, plan, store.ended)})
    if variants is not None:
        combinations = tuple(each for each in combinations if each.variant in variants)
        needed = {trial.id for each in combinations for trial in each.trials}
        needed |= {x.id for x in trials if x.variant in variants}
        needed |= {x.starts_from for x in trials if x.id in needed}
        trials = tuple(x for x in trials if x.id in needed)
    problems = store.problems
    return Study(
        recipe, backend.name, trials, recorded, plan, store, problems, lacking, combinations, before
    )


def _bases_to_train_again(
    trials: Sequence[Trial], recorded: Collection[str], store: Store
) -> frozenset[str]:
    """Ids of recorded bases that some trial is still to start from, but whose arrays are gone."""
    needed = {x.starts_from for x in trials if x.id not in recorded}
    bases = {x.id for x in trials if x.is_base and x.id in recorded}
    return store.unusable_weights(bases & needed)


def _supported(trial: Trial, backend: Backend) -> bool:
    """Whether a backend that once lacked something for this trial has it now."""
    return not backend.capabilities.missing(trial.network, trial.optimization)
