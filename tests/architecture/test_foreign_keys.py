"""Nothing points up, foreign keys included."""

from typing import cast

from django.apps import apps
from django.db.models import Field, Model

from tests.architecture.contract import APPS, floors

HEIGHT = {app: height for height, app in enumerate(reversed(APPS))}


def place(model: type[Model]) -> tuple[str, str]:
    """The app and the room a model is defined in."""
    app, room, *_ = [*model.__module__.split("."), ""]
    return app, room


def relations() -> list[tuple[type[Model], Field, type[Model]]]:
    """Every relation of a model of the house to another one of the house."""
    ours = [model for model in apps.get_models(include_auto_created=False) if model._meta.app_label in HEIGHT]
    return [
        (model, field, cast("type[Model]", field.related_model))
        for model in ours
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if field.is_relation and cast("type[Model]", field.related_model)._meta.app_label in HEIGHT
    ]


def test_no_relation_points_to_an_app_above():
    up = [
        f"{model.__name__}.{field.name} -> {target.__name__}"
        for model, field, target in relations()
        if HEIGHT[place(target)[0]] > HEIGHT[place(model)[0]]
    ]
    assert not up


def test_no_relation_points_to_a_room_above_or_to_a_stranger():
    floor = floors("identities")
    wrong = []
    for model, field, target in relations():
        (app, room), (target_app, target_room) = place(model), place(target)
        if app == target_app == "identities" and room != target_room and floor[target_room] >= floor[room]:
            wrong.append(f"{room}.{model.__name__}.{field.name} -> {target_room}.{target.__name__}")
    assert not wrong


def test_there_are_relations_to_look_at():
    assert len(relations()) > 10
