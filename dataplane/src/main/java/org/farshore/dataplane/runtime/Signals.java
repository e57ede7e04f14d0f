package org.farshore.dataplane.runtime;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * SIGTERM and SIGINT as a request to a running role. A shutdown hook would do the same but runs beside the one that closes
 * the log, so that the last lines are lost, and leaves the exit code to the signal. The JDK's own class for it is
 * exported but warned about by the compiler, hence the way by name.
 */
final class Signals {
    private static final String[] NAMES = {"TERM", "INT"};

    private Signals() {}

    /** Calls {@code request} on a thread of the runtime whenever one of the signals comes. */
    static void onTermination(final Runnable request) {
        try {
            final Class<?> signalClass = Class.forName("sun.misc.Signal");
            final Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
            final InvocationHandler call = (proxy, method, args) -> handle(request, proxy, method, args);
            final Object handler =
                    Proxy.newProxyInstance(handlerClass.getClassLoader(), new Class<?>[] {handlerClass}, call);
            final Method register = signalClass.getMethod("handle", signalClass, handlerClass);
            for (final String name : NAMES) {
                register.invoke(null, signalClass.getConstructor(String.class).newInstance(name), handler);
            }
        } catch (final InvocationTargetException e) {
            // The runtime was started with -Xrs: signals end the process as they always did.
            StateLog.of(Signals.class).warn("signals", "not handled", "reason", e.getCause());
        } catch (final ReflectiveOperationException e) {
            StateLog.of(Signals.class).warn("signals", "not handled", "reason", e);
        }
    }

    private static Object handle(
            final Runnable request, final Object proxy, final Method method, final Object... args) {
        return switch (method.getName()) {
            case "handle" -> {
                request.run();
                yield null;
            }
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> proxy == args[0];
            default -> "farshore signal handler";
        };
    }
}
