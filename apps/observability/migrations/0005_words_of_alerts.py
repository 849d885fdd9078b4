"""How the words of an alert are told apart, and how those are that somebody looks for: alike.

PostgreSQL's own parser takes `node-1.example.net` for one host and `-1` for a number, so that one
would not find the other. Here a word is what stands between blanks and punctuation.
"""

from django.db import migrations

# Letters beyond ASCII are letters. A word of more than 200 characters is nobody's.
WORDS = """
CREATE FUNCTION alert_words_in(said text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT DISTINCT word
    FROM regexp_split_to_table(lower(said), '[\\u0001-\\u002f\\u003a-\\u0060\\u007b-\\u007f]+') word
    WHERE word <> '' AND length(word) <= 200
$$;

CREATE FUNCTION alert_words(alertname text, labels jsonb, annotations jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(ARRAY(SELECT alert_words_in(left(
        alertname
        || ' ' || coalesce((SELECT string_agg(value, ' ') FROM jsonb_each_text(labels)), '')
        || ' ' || coalesce((SELECT string_agg(value, ' ') FROM jsonb_each_text(annotations)), ''),
        65536
    ))))
$$;

-- Each word may go on; all have to be there. Of what holds no word there is nothing to find.
CREATE FUNCTION alerts_with_words(wanted text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg('''' || word || ''':*', ' & '), '')::tsquery
    FROM alert_words_in(wanted) word
$$;
"""
NO_WORDS = """
DROP FUNCTION alerts_with_words(text);
DROP FUNCTION alert_words(text, jsonb, jsonb);
DROP FUNCTION alert_words_in(text);
"""


class Migration(migrations.Migration):
    dependencies = [("observability", "0004_alert_paths")]

    operations = [migrations.RunSQL(WORDS, NO_WORDS)]
