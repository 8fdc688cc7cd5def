"""`tk hub`: what users of plugins do. `tk_hub.owner` adds what a hub's owner does."""

from typing import Annotated

import typer

from tk import Check, TkError, UsageError
from tk_hub import models, options, owner
from tk_hub.choosing import owner as owning_hub
from tk_hub.choosing import parse
from tk_hub.doctor import diagnose
from tk_hub.environment import Environment
from tk_hub.home import Home, Hub
from tk_hub.installing import Setting, install, open_hubs, recover, upgrade
from tk_hub.names import check_name
from tk_hub.output import agree, report, show
from tk_hub.planning import Plan
from tk_hub.trust import fetch_root, open_hub
from tk_hub.uninstalling import uninstall
from tk_hub.verifying import verify

app = typer.Typer(
    help="Find, install, verify and publish plugins.", no_args_is_help=True, add_completion=False
)
_PLAN = ("name", "version", "replaces", "from", "permissions")
_CHECK = ("status", "name", "message", "fix")


@app.command("add")
def add(
    name: options.HubName,
    url: Annotated[str, typer.Argument(help="Its address: https://…, file://….")],
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", help="SHA-256 of its root; its owner told you.")
    ] = "",
) -> None:
    """Trust a hub, after all that you added before."""
    if not url.startswith(("https://", "http://", "file://")):
        raise UsageError(f"{url!r} is no address of a hub (https://…, http://…, file://…)")
    home = Home.of_user()
    root, found = fetch_root(url)
    if fingerprint and fingerprint.lower() != found:
        raise UsageError(f"the hub's fingerprint is {found}, not the one you gave; not added")
    question = f"The hub's fingerprint is {found}. Is it what its owner told you?"
    if not agree(question, is_agreed=bool(fingerprint), option="--fingerprint"):
        raise typer.Exit(1)
    hub = Hub(name, url.rstrip("/"), found)
    home.add(hub, root)
    try:
        count = len(open_hub(home, hub).index)
    except BaseException:
        home.remove(name)
        raise
    typer.echo(f"added {name}, plugins: {count}")


@app.command("remove")
def remove(name: options.HubName) -> None:
    """Trust a hub no longer; what was installed from it stays."""
    Home.of_user().remove(name)
    typer.echo(f"removed {name}")


@app.command("search")
def search(
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD…")] = None,
    offline: options.Offline = False,
    as_json: options.Json = False,
) -> None:
    """Find plugins whose name, summary or commands have all the words."""
    rows, seen = [], set()
    for hub in open_hubs(Home.of_user(), is_offline=offline):
        for release in hub.index.search(" ".join(words or [])):
            if release.name not in seen:
                rows.append({**vars(release), "hub": hub.hub.name})
        seen |= set(hub.index)
    show(rows, ["name", "version", "hub", "summary"], as_json=as_json)


@app.command("info")
def info(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    offline: options.Offline = False,
    as_json: options.Json = False,
) -> None:
    """Show what a plugin provides, asks for and needs, and its versions with their hashes."""
    environment, plugin = Environment.current(), check_name(name)
    bound = environment.locked()["plugins"].get(plugin, {}).get("hub", "")
    hub = owning_hub(plugin, open_hubs(Home.of_user(), is_offline=offline), bound=bound)
    releases = hub.index.releases(plugin)
    rows = [{**vars(release), "hub": hub.hub.name} for release in releases]
    if as_json:
        show(rows, [], as_json=True)
        return
    keys = ("name", "hub", "summary", "offers", "permissions", "licence", "source", "requires")
    values = {**rows[0], "permissions": rows[0]["permissions"] or "none asked for"}
    show([{"what": key, "value": values[key]} for key in keys], ["what", "value"], as_json=False)
    show(rows, ["version", "published", "python", "yanked", "sha256"], as_json=False)


@app.command("install")
def install_(
    *,
    names: options.Names,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    offline: options.Offline = False,
    allow_change: options.AllowChange = None,
    as_json: options.Json = False,
) -> None:
    """Install plugins: NAME, NAME==VERSION."""
    wanted = [parse(name) for name in names]
    setting = _setting(
        yes=yes, dry_run=dry_run, offline=offline, allowed=allow_change, quiet=as_json
    )
    _tell(install(wanted, setting), dry_run=dry_run, as_json=as_json)


@app.command("upgrade")
def upgrade_(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME…", help="All, if none.")
    ] = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    offline: options.Offline = False,
    allow_change: options.AllowChange = None,
    as_json: options.Json = False,
) -> None:
    """Install newer releases, each from the hub that it came from."""
    setting = _setting(
        yes=yes, dry_run=dry_run, offline=offline, allowed=allow_change, quiet=as_json
    )
    _tell(upgrade(names or [], setting), dry_run=dry_run, as_json=as_json)


@app.command("uninstall")
def uninstall_(names: options.Names, yes: options.Yes = False) -> None:
    """Remove plugins, and what came with them and is needed no more."""
    if not agree(f"Remove {', '.join(names)}?", is_agreed=yes):
        raise typer.Exit(1)
    gone = uninstall(names, Setting(_environment(), Home.of_user(), report=report))
    typer.echo(f"removed {', '.join(gone)}")


@app.command("list")
def list_(as_json: options.Json = False) -> None:
    """List the hubs, most trusted first, and the plugins installed from them."""
    hubs = [
        {"hub": h.name, "url": h.url, "fingerprint": h.fingerprint} for h in Home.of_user().hubs()
    ]
    locked = _environment().locked()["plugins"]
    plugins = [{"plugin": name, **entry} for name, entry in locked.items()]
    if as_json:
        show([{"hubs": hubs, "plugins": plugins}], [], as_json=True)
        return
    show(hubs, ["hub", "url"], as_json=False)
    show(plugins, ["plugin", "version", "hub"], as_json=False)


@app.command("verify")
def verify_(offline: options.Offline = False, as_json: options.Json = False) -> None:
    """Compare every installed file with what its hub signed. Exit code 1 where one differs."""
    _checked(verify(_environment(), Home.of_user(), is_offline=offline), as_json=as_json)


@app.command("doctor")
def doctor(offline: options.Offline = False, as_json: options.Json = False) -> None:
    """Look at every hub, and at what is installed. Exit code 1 where something is wrong."""
    _checked(diagnose(_environment(), Home.of_user(), is_offline=offline), as_json=as_json)


def _environment() -> Environment:
    environment = Environment.current()
    try:
        if recover(environment):
            typer.echo("an installation that was cut off has been undone", err=True)
    except TkError as e:  # one is running: looking is allowed, changing will be refused
        typer.echo(f"note: {e.message}", err=True)
    return environment


def _setting(
    *, yes: bool, dry_run: bool, offline: bool, allowed: list[str] | None, quiet: bool
) -> Setting:
    def confirm(plan: Plan) -> bool:
        if not quiet:
            show(plan.rows(), _PLAN, as_json=False)
        return not dry_run and agree("Install this?", is_agreed=yes)

    return Setting(
        _environment(), Home.of_user(), offline, allowed or (), confirm=confirm, report=report
    )


def _tell(plan: Plan, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        show(plan.rows(), [], as_json=True)
    elif not plan.items:
        typer.echo("nothing to do")
    elif not dry_run:
        typer.echo(f"installed {', '.join(f'{i.name} {i.version}' for i in plan.items)}")


def _checked(checks: list[Check], *, as_json: bool) -> None:
    show([vars(check) for check in checks], _CHECK, as_json=as_json)
    if any(check.status == "failed" for check in checks):
        raise typer.Exit(1)


models.register(app)
owner.register(app)
