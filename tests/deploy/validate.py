"""Holds documents from standard input to their schemas, and prints what is wrong with them, a line each.

    validate.py kubernetes   documents of Kubernetes and of the Prometheus operator
    validate.py compose      a file of Compose
"""

import importlib.util
import json
import pathlib
import sys

import jsonschema
import yaml

# The oldest of which there is a schema, one in between, and the newest.
VERSIONS = ["1.25", "1.31", "1.37"]


def of_kubernetes(document):
    import kubernetes_validate

    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except jsonschema.ValidationError as error:
            yield f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield error.message


def of_the_operator(document):
    import pydantic
    from cloudcoil.models.prometheus_operator import v1

    try:
        understood = getattr(v1, document["kind"]).model_validate(document)
    except AttributeError:
        yield f"the operator knows no {document['kind']}"
    except pydantic.ValidationError as error:
        for problem in error.errors():
            yield f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
    else:
        # The model passes over what it does not know.
        yield from lost(document["spec"], understood.model_dump(by_alias=True, exclude_unset=True)["spec"], "spec")


def lost(given, understood, place):
    """The places of what was given and not understood."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for key, value in given.items():
            if key in understood:
                yield from lost(value, understood[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}: unknown key"
    elif isinstance(given, list) and isinstance(understood, list):
        for index, (value, other) in enumerate(zip(given, understood)):
            yield from lost(value, other, f"{place}.{index}")


def kubernetes(documents):
    for document in documents:
        name = f"{document['kind']} {document['metadata']['name']}"
        is_operators = document["apiVersion"].startswith("monitoring.coreos.com/")
        for problem in (of_the_operator if is_operators else of_kubernetes)(document):
            yield f"{name}: {problem}"


def compose(documents):
    # Not imported, since what it needs itself is not there.
    [package] = importlib.util.find_spec("check_jsonschema").submodule_search_locations
    schema = json.loads(pathlib.Path(package, "builtin_schemas/vendor/compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    for document in documents:
        for error in validator.iter_errors(document):
            yield f"{'.'.join(map(str, error.path))}: {error.message}"


documents = yaml.load_all(sys.stdin, Loader=yaml.CSafeLoader)
problems = list({"kubernetes": kubernetes, "compose": compose}[sys.argv[1]](documents))
print("\n".join(problems))
sys.exit(1 if problems else 0)
