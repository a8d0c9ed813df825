"""Who may say what, when: the rules of one conversation, for each side. No sockets: bytes in, events and bytes out.

A shell feeds every websocket message to `receive()`, acts on the events it returns, and sends what `outbox.take()`
gives. Once `closing` is set it sends what the outbox still holds and closes with that code.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.protocol import VERSION, auth, limits
from bridge.protocol.errors import CLOSE, Refusal
from bridge.protocol.frames import Data
from bridge.protocol.messages import (
    Abort,
    Auth,
    Credit,
    Error,
    Hello,
    Message,
    Pair,
    Paired,
    Ping,
    Pong,
    Stream,
    Want,
    Welcome,
)
from bridge.protocol.pairing import Invitations
from bridge.protocol.side import Agreed, Chunk, Event, Opened, Side, Uploaded
from bridge.protocol.values import Picture

STRANGER = "This bridge does not know the key. Run sfumato pair again; for the page in the browser, sfumato open."
UNPROVEN = (
    "The client could not prove that it holds the key. Pair it again: sfumato pair. GIMP and the command line have to "
    "use the bridge's own home; a tunnel has to keep the bridge's port, {port}."
)
UNINVITED = "The pairing text is not known or too old: run sfumato pair again."

__all__ = ["Agreed", "BridgeSide", "Chunk", "ClientSide", "Event", "Opened", "Uploaded"]


@dataclass
class _Wanted:
    """What was asked of the client for one job, and what of it has come."""

    pictures: dict[str, Picture]
    complete: set[str] = field(default_factory=set)


class BridgeSide(Side):
    """The bridge's side of one conversation.

    `key_of(key_id)` gives a key's 32 bytes, or None; `port` is the one that the bridge listens on; a client may pair by
    one of the `invitations`. `claimed` is the key that the client says it holds.
    """

    def __init__(
        self,
        *,
        port: int,
        instance: bytes,
        version: str,
        key_of: Callable[[str], bytes | None],
        invitations: Invitations | None = None,
    ) -> None:
        super().__init__(first_stream=2, checked=False)
        self._newest_stream = -1  # a client's streams are odd
        self._port = port
        self._key_of = key_of
        self._invitations = invitations or Invitations()
        self.claimed = ""
        self._said: Auth | Pair | None = None
        self._key = b""
        self._wanted: dict[str, _Wanted] = {}
        self._nonce = secrets.token_bytes(auth.NONCE)
        hello = Hello((VERSION, VERSION), version, instance, self._nonce, limits.ADVERTISED)
        self._hello = self.outbox.say(hello)

    def receive(self, message: bytes | str) -> list[Event]:
        """Read one websocket message; returns what the shell must act on."""
        if self.closing:
            return []
        read = self._read(message)
        if read is None:
            return []
        if not self.open:
            return self._authenticate(read)
        match read:
            case Data():
                return self._uploading(self._accept(read))
            case Stream():
                self._open_upload(read)
                return []
            case Abort(s):
                self._give_up(s)
                return []
            case Credit(s, more):
                self.outbox.credit(s, more)
                return []
            case Ping(at):
                self.outbox.say(Pong(at))
                return []
            case Pong():
                return []
            case _ if read.sender == "bridge" or isinstance(read, Auth | Pair):
                self.refuse(Refusal("wire.type", f"A client does not say “{read.t}” here."), re=read.t)
                return []
            case _:
                return [read]

    def welcome(self, session: bytes, resumed: bool, features: tuple[str, ...] = ()) -> None:
        """Answer `Opened`: prove that the bridge holds the key, and open the conversation."""
        assert isinstance(self._said, Auth)
        mac = self._mac(self._key, auth.SERVER, self._said.nonce, self._said.key_id)
        self.outbox.say(Welcome(mac, session, resumed, features))
        self.open = True

    def paired(self, agreed: Agreed) -> None:
        """Answer `Agreed` once the key is kept: prove that the bridge made the invitation, and end."""
        assert isinstance(self._said, Pair)
        mac = self._mac(agreed.invitation.secret, auth.PAIR_SERVER, self._said.nonce, agreed.key_id)
        self.outbox.say(Paired(agreed.key_id, mac))
        self.closing = (1000, "paired")

    def want(self, want: Want) -> None:
        """Ask the client for a job's pixels. Only what is asked here may be uploaded."""
        assert want.image is not None
        image, mask = want.image, want.mask
        pictures = {"image": Picture(image.box.width, image.box.height, image.channels, image.depth)}  # type: ignore[arg-type]
        if mask is not None:
            pictures["mask"] = Picture(mask.box.width, mask.box.height, 1)
        self.forget(want.job)
        self._wanted[want.job] = _Wanted(pictures)
        self.outbox.say(want)

    def forget(self, job: str) -> None:
        """The job's upload is over: whatever still comes for it is dropped."""
        self._wanted.pop(job, None)
        self._arriving = {s: one for s, one in self._arriving.items() if one.stream.job != job}

    def refuse(self, refusal: Refusal, **where: Any) -> None:
        """Say an error; close where its code demands that. Before authentication every refusal closes."""
        code = CLOSE.get(refusal.code)
        if not self.open and code is None:
            refusal, code = Refusal("auth.failed", "Say `auth` first."), 4401
        self.outbox.say(Error.of(refusal, **where))
        if code is not None:
            self.closing = (code, refusal.code)

    def _authenticate(self, message: Message | Data) -> list[Event]:
        if not isinstance(message, Auth | Pair) or self._said is not None:
            self.refuse(Refusal("auth.failed", "The first message of a client is `auth` or `pair`."))
            return []
        self.claimed = message.key_id if isinstance(message, Auth) else ""
        if message.protocol != VERSION:
            text = f"The plug-in speaks protocol {message.protocol}, the bridge {VERSION}. "
            text += "Update the plug-in." if message.protocol < VERSION else "Update the bridge."
            self.refuse(Refusal("auth.version", text))
            return []
        self._said = message
        return self._know(message) if isinstance(message, Auth) else self._pair(message)

    def _know(self, said: Auth) -> list[Event]:
        """A client says that it holds a key."""
        key = self._key_of(said.key_id)
        if key is None or len(key) != auth.NONCE:
            self.refuse(Refusal("auth.key", STRANGER))
            return []
        if not auth.same(self._mac(key, auth.CLIENT, said.nonce, said.key_id), said.mac):
            self.refuse(Refusal("auth.failed", UNPROVEN.format(port=self._port)))
            return []
        self._key = key
        return [Opened(said.key_id, said.client, said.session)]

    def _pair(self, said: Pair) -> list[Event]:
        """A client says that it holds an invitation. Its key gets a name that nobody has."""
        invitation = self._invitations.burn(
            lambda secret: auth.same(self._mac(secret, auth.PAIR_CLIENT, said.nonce, ""), said.mac)
        )
        if invitation is None:
            self.refuse(Refusal("auth.pair", UNINVITED))
            return []
        key_id = secrets.token_hex(8)
        key = auth.derive(invitation.secret, self._nonce, said.nonce, key_id)
        return [Agreed(key_id, key, said.client, invitation)]

    def _mac(self, key: bytes, label: bytes, nonce: bytes, key_id: str) -> bytes:
        return auth.mac(key, label, self._nonce, nonce, self._port, self._hello, key_id)

    def _open_upload(self, stream: Stream) -> None:
        """A client announces pixels: they must have been wanted, once, in this very size."""
        try:
            self._announce(stream)
            self._check_wanted(stream)
        except Refusal as refusal:
            self._arriving.pop(stream.s, None)
            self.refuse(refusal, re="stream", job=stream.job, s=stream.s)

    def _check_wanted(self, stream: Stream) -> None:
        wanted = self._wanted.get(stream.job)
        if wanted is None:
            raise Refusal("job.unknown", "Pixels came for a job that wants none.")
        picture = wanted.pictures.get(stream.use)
        if picture != stream.picture or stream.start:
            text = f"The {stream.use} that came has {stream.picture}; wanted was {picture or 'none'}."
            raise Refusal("picture.size", text, "now", wanted=str(picture), got=str(stream.picture))
        under_way = [
            one for one in self._arriving.values() if (one.stream.job, one.stream.use) == (stream.job, stream.use)
        ]
        if stream.use in wanted.complete or len(under_way) > 1:
            raise Refusal("wire.stream", f"The {stream.use} of this job is already there or under way.")

    def _uploading(self, events: list[Event]) -> list[Event]:
        """Tell when the last picture that a job wants is complete."""
        for event in list(events):
            if isinstance(event, Chunk) and event.complete:
                wanted = self._wanted[event.stream.job]
                wanted.complete.add(event.stream.use)
                if wanted.complete == set(wanted.pictures):
                    events.append(Uploaded(event.stream.job))
        return events


class ClientSide(Side):
    """The client's side of one conversation. `port` is the one that was dialled: it goes into the proof."""

    def __init__(
        self, *, port: int, key_id: str, key: bytes, client: dict[str, Any], session: bytes | None = None
    ) -> None:
        super().__init__(first_stream=1, checked=False)
        if len(key) != auth.NONCE:
            raise Refusal("auth.key", f"The key has {len(key)} bytes, expected {auth.NONCE}. Pair the plug-in again.")
        self._port = port
        self._key_id, self._key = key_id, key
        self._client = client
        self._said: tuple[Auth, bytes, bytes] | None = None
        self.session = session
        self.hello: Hello | None = None
        self.welcomed: Welcome | None = None

    def receive(self, message: bytes | str) -> list[Event]:
        """Read one websocket message; returns what the shell must act on. Raises Refusal where the bridge refused
        the conversation itself, or could not prove that it holds the key."""
        if self.closing:
            return []
        read = self._read(message)
        if read is None:
            return []
        if not self.open:
            return self._shake_hands(read, message)
        match read:
            case Data():
                alive = read.stream in self._arriving
                return self._accept(read) or ([Abort(read.stream)] if alive else [])  # damaged: ended from this side
            case Stream():
                self._announce(read)
                return [read]
            case Abort(s):
                self._give_up(s)
                return [read]
            case Credit(s, more):
                self.outbox.credit(s, more)
                return []
            case Ping(at):
                self.outbox.say(Pong(at))
                return []
            case Error(s=s) if s is not None:
                self.outbox.stop(s)
                return [read]
            case _:
                return [read]

    def refuse(self, refusal: Refusal, **where: Any) -> None:
        """A client does not argue: what it cannot read ends the conversation. A stream that died does not."""
        if refusal.code in ("wire.offset", "wire.crc", "wire.stream"):
            if "s" in where:
                self.outbox.say(Abort(where["s"]))
        elif refusal.code != "wire.type":
            raise refusal

    def _shake_hands(self, read: Message | Data, message: bytes | str) -> list[Event]:
        if isinstance(read, Error):
            raise read.refusal()
        if isinstance(read, Hello) and self._said is None:
            if not read.protocol[0] <= VERSION <= read.protocol[-1]:
                text = f"The bridge speaks protocol {read.protocol[-1]}, this plug-in {VERSION}. Update the older one."
                raise Refusal("auth.version", text)
            assert isinstance(message, bytes)
            nonce = secrets.token_bytes(auth.NONCE)
            key, key_id = self._key, self._key_id
            proof = auth.mac(key, auth.CLIENT, read.nonce, nonce, self._port, message, key_id)
            said = Auth(self._client, VERSION, key_id, nonce, proof, self.session)
            self._said = (said, read.nonce, message)
            self.hello = read
            self.outbox.say(said)
            return [read]
        if isinstance(read, Welcome) and self._said is not None:
            said, bridge_nonce, hello = self._said
            proof = auth.mac(self._key, auth.SERVER, bridge_nonce, said.nonce, self._port, hello, self._key_id)
            if not auth.same(proof, read.mac):
                text = "What answers on the bridge's port is not your bridge; nothing was sent to it. "
                raise Refusal("auth.failed", text + "Find out which program holds that port.")
            self.open = True
            self.session = read.session
            self.welcomed = read
            return [read]
        raise Refusal("wire.malformed", "What answers on the bridge's port does not speak this protocol.")
