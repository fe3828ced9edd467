import json

from typer.testing import CliRunner

from cnnbench.cli.app import app
from cnnbench.recipe.schema import recipe_schema


def test_the_schema_is_printed_as_json_to_be_written_to_a_file():
    done = CliRunner().invoke(app, ["schema"])
    assert done.exit_code == 0
    assert json.loads(done.output) == recipe_schema()
