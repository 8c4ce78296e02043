# SPDX-License-Identifier: ISC
#
# Print toold/pattern_ucd.c from UnicodeData.txt of the Unicode Character
# Database (UAX #44, fields 0 and 2):
#	awk -v version=15.0 -f pattern_ucd.awk UnicodeData.txt >pattern_ucd.c
# Run it by hand for a new version of Unicode; the build does not need it.

function hex(s,    i, n) {
	n = 0
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1
	return (n)
}

# One run of code points, which goes on to the next run's first.
function run(first, cat) {
	starts[nruns] = first
	cats[nruns++] = cat
}

# Code points first to last are of the category.
function assign(first, last, cat) {
	if (first > next_cp)
		run(next_cp, "Cn")
	if (first > next_cp || nruns == 0 || cats[nruns - 1] != cat)
		run(first, cat)
	next_cp = last + 1
}

function one(i) {
	return (starts[i + 1] - starts[i] == 1 &&
	    (cats[i] == "Lu" || cats[i] == "Ll"))
}

function put(first, code) {
	line = line sprintf(" 0x%x,", first * 256 + code)
	if (length(line) > 60) {
		print "\t" substr(line, 2)
		line = ""
	}
}

BEGIN {
	FS = ";"
	n = split("Cc Cf Cn Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No " \
	    "Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs", names, " ")
	for (i = 1; i <= n; i++)
		code[names[i]] = i - 1
	nruns = 0
	next_cp = 0
}

$2 ~ /First>$/ { first = hex($1); next }
$2 ~ /Last>$/ { assign(first, hex($1), $3); next }
{ assign(hex($1), hex($1), $3) }

END {
	run(next_cp, "Cn")
	starts[nruns] = 1114112
	print "/* SPDX-License-Identifier: ISC */"
	print "/*"
	print " * General categories of all code points, Unicode " version "."
	print " * The numbers are data of the Unicode Character Database,"
	print " * copyright 1991-2022 Unicode, Inc., distributed under the terms"
	print " * of https://www.unicode.org/license.txt (Unicode-DFS-2016)."
	print " * Made by pattern_ucd.awk: do not edit.  Runs in toold, read only."
	print " *"
	print " * Each entry is a first code point times 256 plus its category;"
	print " * the run goes on to the next entry.  Single upper and lower case"
	print " * letters in turn are one run (UCD_ALT_UPPER, UCD_ALT_LOWER)."
	print " */"
	print "#include \"pattern_int.h\""
	print ""
	print "const uint32_t ucd_runs[] = {"
	for (i = 0; i < nruns; i = j) {
		for (j = i; j < nruns && one(j) && (j == i ||
		    cats[j] != cats[j - 1]); j++)
			;
		if (j - i >= 3)
			put(starts[i], cats[i] == "Lu" ? 30 : 31)
		else {
			j = i + 1
			put(starts[i], code[cats[i]])
		}
	}
	if (line != "")
		print "\t" substr(line, 2)
	print "};"
	print ""
	print "const size_t ucd_nruns = sizeof(ucd_runs) / sizeof(ucd_runs[0]);"
}
