"""The door to the faults while the exchange runs: `GET /faults`, `POST /faults`, `DELETE /faults/<id>`."""

from typing import Any

import msgspec
from aiohttp import web

from wickstream.exchange.local.faults.faults import FaultError, read_entry, write_entry
from wickstream.exchange.local.faults.loopback import loopback_only
from wickstream.exchange.local.faults.saboteur import Saboteur
from wickstream.exchange.local.faults.switchboard import Switch


class FaultDoor:
    """Shows, adds and removes faults; from this machine only."""

    def __init__(self, saboteur: Saboteur) -> None:
        self._saboteur = saboteur

    def add_routes(self, app: web.Application) -> None:
        """Serve `/faults`."""
        app.router.add_get("/faults", loopback_only(self._show))
        app.router.add_post("/faults", loopback_only(self._add))
        app.router.add_delete("/faults", loopback_only(self._clear))
        app.router.add_delete("/faults/{number:[0-9]{1,9}}", loopback_only(self._remove))

    async def _show(self, _: web.Request) -> web.Response:
        return _answer([_told(switch) for switch in self._saboteur.board])

    async def _add(self, request: web.Request) -> web.Response:
        try:
            switch = self._saboteur.add(*read_entry(msgspec.json.decode(await request.read())))
        except (FaultError, msgspec.DecodeError) as exc:
            return _answer({"error": str(exc)}, status=400)
        return _answer(_told(switch), status=201)

    async def _clear(self, _: web.Request) -> web.Response:
        for switch in self._saboteur.board:
            self._saboteur.remove(switch.number)
        return web.Response(status=204)

    async def _remove(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        if not self._saboteur.remove(number):
            return _answer({"error": f"there is no fault {number}"}, status=404)
        return web.Response(status=204)


def _told(switch: Switch) -> dict[str, Any]:
    state = "on" if switch.is_on else "over" if switch.is_over else "waiting"
    return {"id": switch.number, "state": state, "begun": switch.begun, **write_entry(switch.fault, switch.timing)}


def _answer(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
