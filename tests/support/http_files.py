"""The `.http` files of docs/http-files: read, and sent as an editor sends them.

It knows what the files use of the format of the REST Client of VS Code: variables of a file, named
requests, and values of their answers. `# Answer: STATUS CODE` says what has to come back.
"""

import json
import re
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlsplit

from server import SECONDS, Answer
from source import ROOT

FILES = sorted((ROOT / "docs" / "http-files").glob("*.http"))
VARIABLE = re.compile(r"^@([\w-]+) *= *(.*?) *$", re.MULTILINE)
PLACE = re.compile(r"\{\{([^{}]+)\}\}")
STEP = re.compile(r"\.?([\w-]+)|\[(\d+)\]")
STREAM = "text/event-stream"
DEEPEST = 5


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of a file, before its variables are filled in."""

    title: str
    name: str
    note: str
    line: str
    head: str
    body: str
    status: int
    code: str


def variables_of(text):
    """The variables that stand at the top of a file."""
    return dict(VARIABLE.findall(text.partition("\n###")[0]))


def requests_of(text):
    """The requests of a file, in their order."""
    return [request_of(part) for part in re.split(r"^###", text, flags=re.MULTILINE)[1:]]


def request_of(part):
    title, _, rest = part.partition("\n")
    lines = rest.splitlines()
    comments = "\n".join(each for each in lines if each.startswith("# "))
    content = "\n".join(each for each in lines if not each.startswith("# ")).strip()
    head, _, body = content.partition("\n\n")
    line, _, headers = head.partition("\n")
    status, code = re.search(r"^# Answer: (\d{3})(?: (\w+))?$", comments, re.MULTILINE).groups()
    return Request(
        title=title.strip(),
        name=said("name", comments),
        note=said("note", comments),
        line=line,
        head=headers,
        body=body.strip(),
        status=int(status),
        code=code or "",
    )


def said(word, comments):
    found = re.search(rf"^# @{word} (.+)$", comments, re.MULTILINE)
    return found[1] if found else ""


@dataclass
class Editor:
    """Sends the requests of one file; knows the answers of those that have a name."""

    variables: dict[str, str]
    answers: dict[str, Answer] = field(default_factory=dict)

    def send(self, request):
        method, url = self.filled(request.line).split(" ", 1)
        headers = dict(line.split(": ", 1) for line in self.filled(request.head).splitlines())
        parts = urlsplit(url)
        connection = HTTPConnection(parts.netloc, timeout=SECONDS)
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request(method, target, self.filled(request.body) or None, headers)
            came = connection.getresponse()
            told = {name.lower(): value for name, value in came.getheaders()}
            content = b"" if told.get("content-type", "").startswith(STREAM) else came.read()
        finally:
            connection.close()
        answer = Answer(came.status, told, content)
        if request.name:
            self.answers[request.name] = answer
        return answer

    def filled(self, text):
        """The text with a value for each name in braces; a value may have names itself."""
        for _ in range(DEEPEST):
            text = PLACE.sub(lambda found: self.value(found[1].strip()), text)
        return text

    def value(self, name):
        if name in self.variables:
            return self.variables[name]
        request, part, path = re.fullmatch(r"(\w+)\.response\.(body|headers)\.(.+)", name).groups()
        answer = self.answers[request]
        if part == "headers":
            return answer.headers[path.lower()]
        found = json.loads(answer.content)
        for key, place in STEP.findall(path.removeprefix("$")):
            found = found[key] if key else found[int(place)]
        return str(found)
