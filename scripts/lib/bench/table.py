"""The table that is printed."""

MIB = 1 << 20


def seconds(value):
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"


def ratio(value):
    return f"{value:.2f}"


class Table:
    """Lines of what, median, fastest to slowest, peak memory, and what is wanted."""

    def __init__(self):
        self.lines = []
        self.missed = 0

    def heading(self, text):
        self.lines += [None, (text, "", "", "", "", "")]

    def add(self, what, series, show=seconds, limit=None, memory=""):
        """`limit`: the most that the median may be."""
        verdict = wanted = ""
        if limit is not None:
            wanted = f"≤ {show(limit)}"
            verdict = self.verdict(series.median <= limit)
        values = series.values
        spread = f"{show(min(values))} to {show(max(values))}" if len(values) > 1 else "one run"
        self.lines.append((f"  {what}", show(series.median), spread, memory, wanted, verdict))

    def fact(self, what, value, wanted="", met=None):
        self.lines.append((f"  {what}", value, "", "", wanted, "" if met is None else self.verdict(met)))

    def memory(self, what, peak, limit):
        self.fact(what, f"{peak / MIB:.0f} MiB", f"≤ {limit / MIB:.0f} MiB", peak <= limit)

    def verdict(self, met):
        self.missed += not met
        return "OK" if met else "MISS"

    def text(self):
        header = ("", "MEDIAN", "FASTEST TO SLOWEST", "PEAK MEMORY", "WANTED", "")
        lines = [header, *self.lines]
        # A heading may be as long as it likes.
        rows = [line for line in lines if line and any(line[1:])]
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        result = []
        for line in lines:
            if line is None:
                result.append("")
            elif any(line[1:]):
                first, *others = line
                cells = [first.ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(others, widths[1:])]
                result.append("  ".join(cells).rstrip())
            else:
                result.append(line[0])
        return "\n".join(result)


def mebibytes(peak):
    return f"{peak / MIB:.0f} MiB"
