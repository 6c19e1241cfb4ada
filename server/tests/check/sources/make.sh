#!/bin/sh
# Writes ../files/libreoffice-*: needs Debian's libreoffice-calc (or -calc-nogui).
# The numbers are LibreOffice's filter tokens: separator, quote, character set, first
# line, column formats, language, quote all text cells.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
write() { # NAME SOURCE FILTER
    libreoffice "-env:UserInstallation=file://$work/profile" --headless \
        --convert-to "$3" --outdir "$work/out" "$2" >/dev/null
    mv "$work/out/"* "../files/$1"
}
csv='csv:Text - txt - csv (StarCalc)'
write libreoffice-utf8-comma.csv people.fods "$csv:44,34,76,1"
write libreoffice-utf8-semicolon-unquoted.csv people.fods "$csv:59,34,76,1,,0,false"
write libreoffice-windows-1252-semicolon.csv people.fods "$csv:59,34,1,1"
write libreoffice-utf16-tab.csv people.fods "$csv:9,34,65535,1"
write libreoffice-title-lines.csv title-lines.fods "$csv:44,34,76,1"
write libreoffice-renamed-xlsx.csv people.fods xlsx
write libreoffice-renamed-ods.csv people.fods ods
rm -r "$work"
