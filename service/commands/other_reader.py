"""`antechamber other-reader`: learn what the vectors of the other reader say, where it speaks OpenAI's `/v1/embeddings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from service.commands import console

if TYPE_CHECKING:
    from rich.table import Table

    from classifier import foreign
    from service.container import Services

_PATIENCE = 60.0  # seconds that an answer is waited for while it is learnt from


def other_reader(as_json: console.AsJson = False) -> None:
    """Learn what another reader's vectors say of spam and abuse, by sentences of ours and what people decided here.

    Both are sent to it (ANTECHAMBER_OTHER_READER). For a reader at /v1/embeddings; one at /v1/moderations needs none of it.

    Restart the workers afterwards, and learn again when the model behind the address changes.
    """
    heads, decided = console.run(_learn)
    facts = {"model": heads.model, "numbers": heads.width, "decisions": decided, "measured": heads.measured}
    table = console.table("label", "sentences kept back", "newest decisions")
    for label, found in heads.measured.items():
        table.add_row(label, *(f"{found[name]:.3f}" if name in found else "–" for name in ("written", "decided")))
    pieces: list[str | Table] = [
        f"Learnt from {decided:,} decisions and sentences of ours; each text has {heads.width:,} numbers.",
        "How often what is bad is told from what is good, on what was kept back (.5: by chance, 1: always):",
        table,
        "Restart the workers: from then on comments carry the signals other_spam and other_toxicity.",
    ]
    console.show(facts, pieces, as_json=as_json)


async def _learn(services: Services) -> tuple[foreign.Heads, int]:
    """Raises BadParameter, and Exit when it does not answer as it should."""
    from classifier import foreign
    from service.container import other_reader_whereabouts
    from service.learning.other_reader import FOLDER
    from service.lookups.other_reader import OtherReader, OtherReaderError

    settings = services.settings
    there = other_reader_whereabouts(settings)
    if not there.gives_vectors:
        where = f"{there.url} is no address of vectors" if there.url else "it is not set"
        wanted = f"{where}; an address that gives vectors ends with /v1/embeddings"
        raise typer.BadParameter(wanted, param_hint="ANTECHAMBER_OTHER_READER")
    taught = await services.learning.other_readers_lessons()
    reader, vectors = OtherReader(there), []
    try:
        with console.progress("Asking", len(taught.texts)) as done:
            async for some in reader.vectors(taught.texts, _PATIENCE):
                vectors += some
                done(len(some))
        heads = foreign.learn(vectors, taught, there.model, settings.data_dir / FOLDER)
    except (OtherReaderError, ValueError) as error:
        where = there.url.partition("?")[0]  # behind that may be a key
        typer.echo(f"The other reader at {where} can't be learnt from: {error}", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"What was learnt can't be kept in {settings.data_dir}: {error.strerror}.", err=True)
        raise typer.Exit(1) from None
    finally:
        await reader.close()
    decided = int(sum(kind.startswith("decided ") for kind in taught.kinds))
    await services.learning.other_reader_learnt(decided)
    return heads, decided
