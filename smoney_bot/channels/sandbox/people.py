"""The people on the local X, by id and by handle. Not thread-safe by itself."""

from __future__ import annotations

import re
from dataclasses import replace

from smoney_bot.channels.sandbox.posts import User
from smoney_bot.channels.sandbox.refusals import BadHandle, NotThere

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)


class People:
    """Who is there. Handles keep their case but are found in any."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._id_of: dict[str, str] = {}  # by handle in small letters

    def add(self, user: User) -> User:
        """Let *user* in; raise `BadHandle` if the id or handle is taken or malformed."""
        self._check_free(user.handle)
        if user.x_id in self._users:
            raise BadHandle("This id is taken.")
        self._users[user.x_id] = user
        self._id_of[user.handle.lower()] = user.x_id
        return user

    def by_id(self, x_id: str) -> User:
        """Return the user of that id; raise `NotThere`."""
        if x_id not in self._users:
            raise NotThere("No such user.")
        return self._users[x_id]

    def by_handle(self, handle: str) -> User | None:
        """Return who has *handle* now."""
        x_id = self._id_of.get(handle.lower())
        return self._users[x_id] if x_id else None

    def rename(self, x_id: str, new_handle: str) -> User:
        """Give a user another handle and free the old one; raise `BadHandle`, `NotThere`."""
        user = self.by_id(x_id)
        if new_handle.lower() != user.handle.lower():
            self._check_free(new_handle)
        del self._id_of[user.handle.lower()]
        self._id_of[new_handle.lower()] = x_id
        self._users[x_id] = replace(user, handle=new_handle)
        return self._users[x_id]

    def _check_free(self, handle: str) -> None:
        if not _HANDLE.fullmatch(handle) or handle.lower() in self._id_of:
            raise BadHandle
