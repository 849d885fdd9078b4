/** The PromQL editor: colours, completion of the language, and its mistakes underlined as one types. */
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useEffectEvent, useRef } from 'react';

import { promqlEditor } from './promqlEditor';

interface PromQLBoxProps {
  value: string;
  onChange: (value: string) => void;
  onRun: () => void;
  /** The element that says what is wrong with the question. */
  errorId: string | undefined;
}

export default function PromQLBox({ value, onChange, onRun, errorId }: PromQLBoxProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const tell = useEffectEvent(onChange);
  const run = useEffectEvent(onRun);
  const initial = useEffectEvent(() => value);

  useEffect(() => {
    if (!host.current) return;
    const extensions = promqlEditor(
      (text) => {
        tell(text);
      },
      () => {
        run();
      },
    );
    const editor = new EditorView({ parent: host.current, state: EditorState.create({ doc: initial(), extensions }) });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const content = view.current?.contentDOM;
    content?.setAttribute('aria-label', 'PromQL query');
    content?.setAttribute('aria-invalid', String(errorId !== undefined));
    if (errorId === undefined) content?.removeAttribute('aria-describedby');
    else content?.setAttribute('aria-describedby', errorId);
  }, [errorId]);

  return <div ref={host} />;
}
