"""Sixty texts a stranger might put into a name, a label or a note to make a report do something."""

from __future__ import annotations

MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><svg onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[<b>]]>",
    "&lt;b&gt;&#60;b&#62;",
    "</td></tr></table><form action=//evil.example>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<link rel=stylesheet href=//evil.example/a.css>",
    "<object data=x><embed src=x>",
    '<style>@import "//evil.example/a.css"</style>',
    "<math><mtext></mtext><mglyph><svg><mtext><style><path id='</style><img src onerror=alert(1)>'>",
    "<details open ontoggle=alert(1)>",
    "<\x00script>alert(1)</script>",
)
TEMPLATES = (
    "{{ 7 * 7 }}{% raw %}",
    "{% include 'report.css' %}",
    "${7*7}",
    "<%= 7*7 %>",
    "#{7*7}",
    "{{ ''.__class__.__mro__ }}",
    "%s%n%x",
    "\\u003cscript\\u003e",
)
FORMULAS = (
    "=1+1",
    '=HYPERLINK("https://evil.example","x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "|calc",
    "%0A=1",
    '","=1+1","',
    '"\r\n=1+1,"',
    "\ufeff=1+1",
    "＝1+1",
)
LINKS = (
    "[x](javascript:alert(1))",
    "![x](https://evil.example/a.png)",
    "<https://evil.example>",
    "https://evil.example/a",
    "www.evil.example",
    "someone@evil.example",
    "mailto:someone@evil.example",
    "[x]: https://evil.example",
    "# heading\n\n- item\n\n| a | b |\n|---|---|",
    "`code` **bold** _italic_ ~~gone~~",
)
PAPER = (
    "(x) /URI (https://evil.example) >>",
    "endstream endobj /JavaScript (app.alert(1))",
    "<font size=90 color=red>x</font><br/><super>1</super>",
    '<para bulletText="x"><img src="https://evil.example/a.png" width="9" height="9"/></para>',
    '<a href="https://evil.example" color="[[[getattr(pow, Word(\'__globals__\'))]]]">x</a>',
    "report\u202egnp.exe\x00\x1b[31m",
)
PAYLOADS = (*MARKUP, *TEMPLATES, *FORMULAS, *LINKS, *PAPER)
