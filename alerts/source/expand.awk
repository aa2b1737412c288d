# Prints a source with each ${name} replaced. Read before it: files of texts, the parameters, and NAME=VALUE lines from
# the standard input, which go before parameters.
#
# ${name} stands for a text or a parameter; ${name_seconds} for a parameter that is a duration, in seconds; ${half_interval}
# for half of the interval.

function fail(why) {
    print "alerts/generate: " why > "/dev/stderr"
    exit 2
}

function seconds(name,    rest, sum, unit) {
    rest = text[name]
    while (match(rest, /^[0-9.]+(ms|s|m|h|d)/)) {
        unit = substr(rest, 1, RLENGTH)
        gsub(/[0-9.]/, "", unit)
        sum += rest * (unit == "ms" ? 0.001 : unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 86400)
        rest = substr(rest, RLENGTH + 1)
    }
    if (rest != "" || !sum) fail("`" name "=" text[name] "` is no duration; write one as 30s, 1m or 6h")
    return sum
}

function stands_for(name) {
    if (name in text) return text[name]
    # In milliseconds, which may stand behind every other unit, as in 10m30000ms.
    if (name == "half_interval") return seconds("interval") * 500 "ms"
    if (name ~ /_seconds$/ && (substr(name, 1, length(name) - 8) in text)) return seconds(substr(name, 1, length(name) - 8))
    fail(FILENAME ": nothing is known as `" name "`")
}

function set(pair) {
    name = substr(pair, 1, index(pair, "=") - 1)
    text[name] = substr(pair, index(pair, "=") + 1)
    if (text[name] == "") fail("`" pair "` has no value")
    if (text[name] ~ /["'\\{}]/) fail("`" pair "`: a value has no quotes, braces or backslashes")
}

FILENAME ~ /[.]texts$/ || FILENAME == "parameters" {
    if (/^#/ || /^$/) next
}

# `name: text`, gone on with by indented lines, after a space unless they begin with `}`.
FILENAME ~ /[.]texts$/ {
    if (/^ /) {
        sub(/^ +/, "")
        text[name] = text[name] (/^}/ ? "" : " ") $0
    } else {
        name = substr($0, 1, index($0, ":") - 1)
        text[name] = substr($0, index($0, ":") + 1)
        sub(/^ +/, "", text[name])
    }
    next
}

FILENAME == "parameters" {
    set($0)
    is_parameter[name] = 1
    next
}

FILENAME == "-" {
    if (/^$/) next
    set($0)
    if (!(name in is_parameter)) fail("there is no parameter `" name "`; alerts/parameters has them all")
    next
}

{
    line = $0
    while (match(line, /[$][{][a-z_]+[}]/)) {
        name = substr(line, RSTART + 2, RLENGTH - 3)
        if (++replaced > 100000) fail(FILENAME ": `" name "` stands for itself")
        rest = substr(line, RSTART + RLENGTH)
        line = substr(line, 1, RSTART - 1)
        line = line stands_for(name) rest
    }
    # A line of which nothing is left was there for a name that says nothing.
    if (line ~ /^ *$/ && $0 !~ /^ *$/) next
    print line
}
