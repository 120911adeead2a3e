"""Ad hoc keys and shared accounts."""

from identities.programme.reports.listed import Listed


class AdHoc(Listed):
    """Ad hoc keys and shared accounts."""

    name = "ad-hoc"
    title = "Ad hoc keys and shared accounts"
    key = "worst"
    position = 60
    why = (
        "The worst state is the invisible mix: keys that somebody once made and keeps somewhere, and accounts that"
        " several people or workloads share. What they do can be laid at nobody's door."
    )
    nothing = "No ad hoc key and no shared account is known."
