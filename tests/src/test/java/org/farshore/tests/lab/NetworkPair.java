package org.farshore.tests.lab;

/** Two network namespaces with one cable between them: two machines, as far as the network can tell. */
public final class NetworkPair implements AutoCloseable {
    private final String near;
    private final String far;
    private final String subnet;

    private NetworkPair(final String id, final String subnet) {
        this.near = "fsn" + id;
        this.far = "fsf" + id;
        this.subnet = subnet;
    }

    /** Makes both namespaces and the cable; names and addresses follow from our process id. */
    static NetworkPair create() {
        final long pid = ProcessHandle.current().pid();
        final NetworkPair pair = new NetworkPair(Long.toString(pid), "10." + (200 + pid % 50) + "." + (pid / 50 % 250));
        try {
            Shell.script("""
                    ip netns add %1$s; ip netns add %2$s
                    ip link add %1$s netns %1$s type veth peer name %2$s netns %2$s
                    ip -n %1$s addr add %3$s.1/24 dev %1$s; ip -n %2$s addr add %3$s.2/24 dev %2$s
                    ip -n %1$s link set %1$s up; ip -n %2$s link set %2$s up
                    ip -n %1$s link set lo up; ip -n %2$s link set lo up
                    """.formatted(pair.near, pair.far, pair.subnet));
            return pair;
        } catch (final AssertionError e) {
            pair.close();
            throw e;
        }
    }

    /** Runs a command on the protected side; the mounts of the machine stay visible, unlike with {@code ip netns exec}. */
    public String enterNear() {
        return "nsenter --net=/run/netns/" + near;
    }

    /** Runs a command on the recovery side. */
    public String enterFar() {
        return "nsenter --net=/run/netns/" + far;
    }

    /** Address of the recovery side. */
    public String farAddress() {
        return subnet + ".2";
    }

    @Override
    public void close() {
        Shell.attempt("ip", "netns", "del", near);
        Shell.attempt("ip", "netns", "del", far);
    }
}
