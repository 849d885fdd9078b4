/** Names in an address that no cluster here has. */

export function NotKnown({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p role="alert" className="rounded-lg border border-line bg-warn-tint px-3 py-2">
      Not known here, and not asked: {names.join(', ')}.
    </p>
  );
}
