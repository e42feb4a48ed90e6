// ATM's documentation, "How to refresh token": its call with axios, for another host and application.
import axios from 'axios';

const [origin, clientId, refresh_token, id_token] = process.argv.slice(2);

const data = JSON.stringify({
    clientId,
    refresh_token,
    id_token,
    grantType: 'refresh_token',
});

const config = {
    method: 'post',
    url: `${origin}/auth/token`,
    headers: { 'Content-Type': 'application/json' },
    data,
};

const response = await axios(config);
console.log(JSON.stringify(response.data));
