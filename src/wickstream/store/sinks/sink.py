"""A sink as its loop sees it, and where each of them comes from."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from wickstream.config import Settings
from wickstream.events import Tellable
from wickstream.sink_settings import SinkName
from wickstream.stopping import Stop
from wickstream.store.sinks.discord import discord_post
from wickstream.store.sinks.log import LogSink
from wickstream.store.sinks.post import Post
from wickstream.store.sinks.slack import slack_post
from wickstream.store.sinks.telegram import telegram_post
from wickstream.store.sinks.webhook import webhook_post

if TYPE_CHECKING:
    from wickstream.store.sinks.poster import Poster


class Sink(Protocol):
    """Somewhere alerts and notices are told."""

    def send(self, told: Tellable, /) -> str:
        """What it answered, in a few words, once it has taken it.

        Raises:
            SinkBusy: If it may take it later.
            Unpublishable: If it never will.
        """
        ...

    def close(self) -> None: ...


class HttpSink:
    """By POST."""

    def __init__(self, poster: "Poster", post_of: Callable[[Tellable], Post]) -> None:
        self._poster = poster
        self._post_of = post_of

    def send(self, told: Tellable, /) -> str:
        """As Sink."""
        return self._poster.post(self._post_of(told))

    def close(self) -> None:
        """Let go of the connection."""
        self._poster.close()


def open_sink(name: SinkName, settings: Settings, *, stop: Stop) -> Sink:
    """The sink of that name; `stop` ends what it waits for. Connects to nothing yet."""
    if name == SinkName.LOG:
        return LogSink()
    from wickstream.store.sinks.poster import Poster  # brings an HTTP client, which most writers have no use for

    return HttpSink(Poster(allow_private=settings.alert_allow_private, stop=stop), post_maker(name, settings))


def post_maker(name: SinkName, settings: Settings) -> Callable[[Tellable], Post]:
    """How an alert is put to a sink that is posted to; settings have the addresses of all that are named in them."""
    match name:
        case SinkName.SLACK:
            return partial(slack_post, url=_secret(settings.slack_webhook_url))
        case SinkName.DISCORD:
            return partial(discord_post, url=_secret(settings.discord_webhook_url))
        case SinkName.TELEGRAM:
            return partial(
                telegram_post,
                api_url=settings.telegram_api_url,
                token=_secret(settings.telegram_bot_token),
                chat_id=settings.telegram_chat_id or "",
            )
        case _:
            return partial(webhook_post, url=_secret(settings.alert_webhook_url))


def _secret(value: SecretStr | None) -> str:
    return "" if value is None else value.get_secret_value()
