"""Names that other programs call or read, as code, so that vulture counts them as used."""

from typing import Any

_: Any = object()

# watchdog calls it
_.on_any_event

# expat calls and reads them
_.StartElementHandler
_.EndElementHandler
_.CharacterDataHandler
_.buffer_text

# LibreOffice reads them, in tests that drive it
_.ContainsHeader
_.IsNumeric
_.StringValue
_.Operator
_.Width
_.IsAscending

# a job for LibreOffice names the move
_.swap

# openpyxl reads it
_.border

# the test that holds a form's declaration and the database's table equal reads it
_.store

# zipfile reads them
_.compress_type
_.external_attr

# html.parser calls them
_.handle_starttag
_.handle_endtag
_.handle_data

# IMAPClient reads it
_.normalise_times

# words of queke.toml and of options, by their values
_.OFF
_.LEADER
_.READER

# of mails, of an account and of [mail]: what the part that sends reads
_.remind_at
_.lines
_.remind_leader_at

# dnspython reads it, in tests; socketserver calls and reads them
_.nameservers
_.daemon_threads
_.handle

# aiosmtpd calls and reads them, in tests
_._trigger_server
_.handle_EHLO
_.handle_MAIL
_.handle_RCPT
_.handle_DATA
_.host_name

# the command line's library reads them
_.context_class
_.short_help
_.write_heading
_.write_dl

# a receipt's file name
_.nth

# Django, its middleware and gunicorn call them by the names in console/settings.py
_.OwnTables
_.Gatekeeper
_.process_view
_.for_pages
_.AXES_IPWARE_PROXY_COUNT
_.AXES_IPWARE_META_PRECEDENCE_ORDER
_.CSRF_COOKIE_SECURE
_.SESSION_COOKIE_SECURE
_.CSRF_TRUSTED_ORIGINS
_.db_for_write
_.allow_relation
_.allow_migrate
_.SafetyHeaders
_.load_config
_.locked_out
_.outdated
_.unreadable

# Django calls them
_.create_cursor
_._commit

# Django reads it in the console's settings
_.SiteGate

# WeasyPrint reads them of a document, and asks a document for its own sheet
_.base_url
_.media_type
_.url_fetcher
_.wrapper_element
_._ua_stylesheets
