// ATM's documentation, "Client Credentials": its call with axios, for another host and application.
import axios from 'axios';

const [origin, clientId, clientSecret] = process.argv.slice(2);

const data = JSON.stringify({
    clientId,
    clientSecret,
    grant_types: 'client_credentials',
});

const config = {
    method: 'post',
    url: `${origin}/auth/token`,
    headers: { 'Content-Type': 'application/json' },
    data,
};

const response = await axios(config);
console.log(JSON.stringify(response.data));
