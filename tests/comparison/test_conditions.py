"""What weakens a whole table is told: its images, the machines, what ran beside its trials."""

from __future__ import annotations

from cnnbench.comparison.compare import compare_records
from cnnbench.results.record import Beside

FIVE = [0.90, 0.92, 0.91, 0.93, 0.94]
OTHER = [0.91, 0.95, 0.92, 0.93, 0.96]


def test_synthetic_images_are_always_told(study, samples, notes):
    scenes = samples.model_copy(update={"source": "scenes", "synthetic": True})
    folder = study().add("plain", FIVE, samples=scenes).write()
    assert notes(folder) == ["images of scenes are synthetic: drawn by a program, not photographed"]


def test_synthetic_signals_are_not_called_images(study, samples, notes):
    waves = samples.model_copy(update={"source": "waves", "synthetic": True, "signals": True})
    folder = study().add("plain", FIVE, samples=waves).write()
    assert notes(folder) == ["signals of waves are synthetic: made by a program, not measured"]


def test_remarks_of_the_data_source_are_passed_on_once(study, samples, notes):
    remarked = samples.model_copy(update={"notes": ("2 images could not be read",)})
    folder = study().add("plain", FIVE, samples=remarked).write()
    assert notes(folder) == ["images: 2 images could not be read"]


def test_many_remarks_are_cut(study, samples, notes):
    remarked = samples.model_copy(update={"notes": tuple(f"remark {n}" for n in range(8))})
    folder = study().add("plain", FIVE, samples=remarked).write()
    assert notes(folder)[-1] == "images: 3 more remarks in the records"


def test_other_images_than_the_baselines_are_told(study, samples, notes):
    larger = samples.model_copy(update={"digest": "d2"})
    folder = study().add("plain", FIVE).add("large", OTHER, samples=larger).write()
    assert notes(folder) == ["large: drawn from other decoded images than the baseline"]


def test_other_test_images_than_the_baselines_are_told(study, samples, notes):
    fewer = samples.model_copy(update={"test": 100})
    folder = study().add("plain", FIVE).add("few", OTHER, samples=fewer).write()
    assert notes(folder) == ["few: tested on other images than the baseline"]


def test_images_that_changed_between_replicates_are_told(study, samples, notes):
    writer = study().add("plain", FIVE)
    writer.add_one("plain", 5, value=0.9, samples=samples.model_copy(update={"digest": "d2"}))
    assert notes(writer.write()) == [
        "plain: replicates drawn from different versions of the images"
    ]


def test_other_numbers_of_classes_are_told(study, samples, notes):
    three = samples.model_copy(update={"classes": ("a", "b", "c")})
    folder = study().add("plain", FIVE).add("three", OTHER, samples=three).write()
    assert any("different numbers of classes" in note for note in notes(folder))


def test_environments_that_differ_are_told_with_what_differs(study, notes):
    def environment(version):
        return {"python": "3.11.2", "backend_versions": {"torch": version}}

    writer = study().add("plain", FIVE, environment=environment("2.13"))
    folder = writer.add("dropout", OTHER, environment=environment("2.14")).write()
    assert notes(folder) == [
        "trials ran in 2 environments, which differ in backend_versions.torch (2.13, 2.14)"
    ]


def test_processors_that_differ_are_told_with_what_follows(study, notes):
    def environment(family, instructions):
        processor = f"AuthenticAMD, family {family}"
        return {"cpu": "EPYC", "processor": processor, "instructions": instructions}

    writer = study().add("plain", FIVE, environment=environment(25, "avx2"), device="cpu")
    writer.add("dropout", OTHER, environment=environment(26, "avx2 avx512f"), device="cpu")
    assert notes(writer.write())[0] == (
        "trials ran on different processors (EPYC, AuthenticAMD, family 25; EPYC, AuthenticAMD, "
        "family 26): the last bits of their arithmetic differ, so that the accuracy of a single "
        "replicate may move by a point or two, and the mean by less"
    )


def test_instructions_that_a_processor_hides_make_another_one(study, notes):
    one = {"cpu": "EPYC", "processor": "family 25", "instructions": "avx2"}
    writer = study().add("plain", FIVE, environment=one)
    writer.add("dropout", OTHER, environment=one | {"instructions": "avx2 avx512f"})
    assert "different processors (avx2; avx2 avx512f)" in notes(writer.write())[0]


def test_old_records_do_not_tell_their_processor(study, notes):
    old = {"cpu": "EPYC"}
    new = {"cpu": "EPYC", "processor": "family 25", "instructions": "avx2"}
    folder = study().add("plain", FIVE, environment=old).add("l2", OTHER, environment=new).write()
    assert notes(folder) == [
        (
            "trials ran in 2 environments, which differ in instructions (none, avx2); "
            "processor (none, family 25)"
        )
    ]


def test_the_processor_beside_a_gpu_rounds_nothing(study, notes):
    writer = study().add("plain", FIVE, environment={"cpu": "a", "processor": "1"}, device="H100")
    writer.add("l2", OTHER, environment={"cpu": "b", "processor": "2"}, device="H100")
    assert not [note for note in notes(writer.write()) if "different processors" in note]


def test_an_environment_that_is_lost_is_told(study):
    writer = study().add("plain", FIVE).add("dropout", OTHER, environment={"python": "3.12"})
    folder = writer.write()
    for file in (folder.parent.parent / "environments").iterdir():
        file.unlink()
    comparison = compare_records([folder])
    assert len(comparison.notes) == 2
    assert "trials ran in 2 environments" in comparison.tables[0].notes


def test_devices_that_differ_are_told(study, notes):
    folder = study().add("plain", FIVE, device="cpu").add("fast", OTHER, device="H200").write()
    assert notes(folder) == ["trials ran on different devices: cpu, H200"]


def test_times_of_several_machines_are_told(study, notes):
    writer = study().add("plain", FIVE, environment={"cpu": "EPYC", "machine": "node1"})
    writer.add("dropout", OTHER, environment={"cpu": "EPYC", "machine": "node2"})
    assert notes(writer.write()) == [
        "times were taken on 2 machines (node1, node2): "  # noqa: ISC004 - one sentence
        "differences of times and speeds are partly theirs"
    ]


def test_records_from_before_machines_were_named_are_no_other_machine(study, notes):
    writer = study().add("plain", FIVE, environment={"cpu": "EPYC"})
    writer.add("dropout", OTHER, environment={"cpu": "EPYC", "machine": "node2"})
    assert notes(writer.write()) == []


def test_times_taken_side_by_side_are_told(study, notes):
    two = Beside(slots=2, threads=1, exclusive=False)
    folder = study().add("plain", FIVE, beside=two).write()
    assert notes(folder) == ["times were taken with 2 trials at a time on the machine"]


def test_times_taken_under_unequal_conditions_are_told(study, notes):
    two = Beside(slots=2, threads=1, exclusive=False)
    folder = study().add("plain", FIVE).add("dropout", OTHER, beside=two).write()
    assert notes(folder) == [
        "times were not taken under equal conditions: 1 or 2 trials at a time, 1 thread each"
    ]


def test_times_taken_with_other_numbers_of_threads_are_told(study, notes):
    two = Beside(slots=1, threads=2, exclusive=False)
    folder = study().add("plain", FIVE).add("dropout", OTHER, beside=two).write()
    assert notes(folder) == [
        "times were not taken under equal conditions: 1 trial at a time, 1 or 2 threads each"
    ]
